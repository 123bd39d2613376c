import type { Scenario } from './scenario.ts'
import { exactlyOnce } from './scenarios/exactly-once.ts'
import { exactlyOnceTopics } from './scenarios/exactly-once-topics.ts'
import { brokerRestart } from './scenarios/broker-restart.ts'
import { joinLeave } from './scenarios/join-leave.ts'
import { leaderKill } from './scenarios/leader-kill.ts'
import { network } from './scenarios/network.ts'
import { pauses } from './scenarios/pause.ts'
import { poison } from './scenarios/poison.ts'
import { graceful, randomKill } from './scenarios/random-kill.ts'
import { slowHandler } from './scenarios/slow-handler.ts'
import { stores } from './scenarios/stores.ts'
import { targetedKill } from './scenarios/targeted-kill.ts'

export const scenarios: readonly Scenario[] = [
  targetedKill,
  randomKill,
  graceful,
  pauses,
  brokerRestart,
  leaderKill,
  network,
  joinLeave,
  slowHandler,
  poison,
  exactlyOnce,
  exactlyOnceTopics,
  stores,
]
