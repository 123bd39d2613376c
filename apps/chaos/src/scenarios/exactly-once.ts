import { tryExactlyOnce } from '../exactly-once/try-exactly-once.ts'
import type { Scenario, Trial } from '../scenario.ts'

const RATE = 500

function variant(name: string, grouped: boolean, inTransactions = false): Trial {
  return {
    name,
    partitions: 4,
    rate: RATE,
    seconds: 200,
    shortSeconds: 4,
    attempt: tryExactlyOnce(RATE, grouped, inTransactions),
  }
}

export const exactlyOnce: Scenario = {
  name: 'exactly-once',
  about: 'a process counts a topic into an exactly-once cache and is SIGKILLed once per second of its duration',
  cases: [
    variant('exactly-once', true),
    variant('exactly-once alone', false),
    variant('exactly-once in transactions', true, true),
  ],
}
