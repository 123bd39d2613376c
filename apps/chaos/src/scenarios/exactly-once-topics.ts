import type { Case, Day, Scenario } from '../scenario.ts'
import { brokerRestart } from './broker-restart.ts'
import { joinLeave } from './join-leave.ts'
import { leaderKill } from './leader-kill.ts'
import { network } from './network.ts'
import { pauses } from './pause.ts'
import { graceful, randomKill } from './random-kill.ts'
import { targetedKill } from './targeted-kill.ts'

const isDay = (one: Case): one is Day => 'run' in one

/** A case whose workers write in transactions: however they end, readers see each output once. */
const inTransactions = (day: Day): Day => ({
  ...day,
  name: `exactly-once-topics ${day.name}`,
  worker: { ...day.worker, exactlyOnce: true },
  promises: { ...day.promises, duplicates: 'none' },
})

const scenarios = [randomKill, targetedKill, graceful, pauses, brokerRestart, leaderKill, network, joinLeave]

export const exactlyOnceTopics: Scenario = {
  name: 'exactly-once-topics',
  about: 'the cases of other scenarios with an exactly-once output: no output is lost or comes twice',
  cases: scenarios.flatMap(({ cases }) => cases.filter(isDay).map(inTransactions)),
}
