import type { Case, Day, Scenario } from '../scenario.ts'
import { brokerRestart } from './broker-restart.ts'
import { betweenRequests } from './between-requests.ts'
import { delayedEnd } from './delayed-end.ts'
import { joinLeave } from './join-leave.ts'
import { leaderKill } from './leader-kill.ts'
import { network } from './network.ts'
import { pauses } from './pause.ts'
import { graceful, killEvery, randomKill } from './random-kill.ts'
import { staticMembers } from './static-members.ts'
import { takeOver } from './take-over.ts'
import { targetedKill } from './targeted-kill.ts'

const isDay = (one: Case): one is Day => 'run' in one

/** The cases of the short form. */
const SHORT = new Set(['random-kill', 'between-requests'])

/** A case whose workers write in transactions: however they end, readers see each output once. */
const inTransactions = ({ shortSeconds, ...day }: Day): Day => ({
  ...day,
  ...(shortSeconds !== undefined && SHORT.has(day.name) && { shortSeconds }),
  name: `exactly-once-topics ${day.name}`,
  worker: { ...day.worker, exactlyOnce: true },
  promises: { ...day.promises, duplicates: 'none' },
})

const scenarios = [randomKill, targetedKill, graceful, pauses, brokerRestart, leaderKill, network, joinLeave]

/** Short sessions, so that a kill every 1.5 s is followed by a hand-over. */
const fastKill: Day = {
  name: 'random-kill fast',
  partitions: 6,
  rate: 600,
  worker: { sessionTimeoutMs: 1500, heartbeatIntervalMs: 400 },
  seconds: 100,
  promises: { mayLose: true, counted: 25 },
  run: killEvery(1500, 'SIGKILL'),
}

/** Each message has outputs in two topics, and some become dead letters. */
const several: Day = {
  ...fastKill,
  name: 'several-outputs',
  rate: 600,
  worker: { ...fastKill.worker, several: true, concurrency: 4, handleMs: 1 },
  seconds: 60,
  promises: { mayLose: true, counted: 10 },
}

const ownDays = [fastKill, several, takeOver, staticMembers, ...betweenRequests, ...delayedEnd]

export const exactlyOnceTopics: Scenario = {
  name: 'exactly-once-topics',
  about:
    'other scenarios with an exactly-once output, kills between any two requests, late requests: each output comes once',
  cases: [...scenarios.flatMap(({ cases }) => cases.filter(isDay)), ...ownDays].map(inTransactions),
}
