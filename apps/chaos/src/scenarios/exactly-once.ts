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
  about:
    'a topic is counted into a cache that keeps its positions, by a process that is SIGKILLed as often as it should last seconds',
  cases: [
    variant('exactly-once', true),
    variant('exactly-once alone', false),
    variant('exactly-once in transactions', true, true),
  ],
}
