import type { Day, Promises, Scenario } from '../scenario.ts'
import { brokerRestart } from './broker-restart.ts'
import { joinLeave } from './join-leave.ts'
import { pauses } from './pause.ts'
import { killEvery, randomKill } from './random-kill.ts'

const PARTITIONS = 12
const KEYS = 8400 * PARTITIONS

/** Another scenario whose workers count in a store, exactly once. */
function counting(name: string, { cases }: Pick<Scenario, 'cases'>, own: Partial<Day> = {}): Day {
  const [first] = cases
  if (first === undefined || !('run' in first)) throw new Error(`the scenario of ${name} has no day`)
  const { shortSeconds: _, ...day } = { ...first, ...own }
  return {
    ...day,
    name: `stores ${name}`,
    partitions: PARTITIONS,
    keys: KEYS,
    worker: { ...day.worker, exactlyOnce: true, store: {}, ...own.worker },
    promises: { ...promisesOf(day), ...own.promises },
  }
}

/** How long a lane waits depends on what is restored, so stalls have no bound here. */
function promisesOf({ promises }: Day): Promises {
  const { stallMs: _, ownStallMs: _own, recoveryMs: _recovery, ...kept } = promises
  return { ...kept, duplicates: 'none' }
}

/** Short sessions, so that parts move all the time. */
const fast: Day = {
  name: 'stores fast',
  partitions: PARTITIONS,
  keys: 400 * PARTITIONS,
  rate: 1500,
  worker: { exactlyOnce: true, store: {}, sessionTimeoutMs: 3000, heartbeatIntervalMs: 800 },
  seconds: 100,
  shortSeconds: 4,
  promises: { duplicates: 'none', mayLose: true, counted: 12 },
  run: killEvery(3000, 'SIGKILL'),
}

export const stores: Scenario = {
  name: 'stores',
  about:
    'workers count in a store that follows its partitions, half of them start on a new folder; all counts are right',
  cases: [
    counting('random-kill', randomKill),
    fast,
    counting('standbys', randomKill, { worker: { store: { standbys: 1 } }, seconds: 90, promises: { counted: 8 } }),
    counting('join-leave', joinLeave),
    counting('pause', pauses),
    counting('broker-restart', brokerRestart),
    counting('at-least-once', randomKill, {
      worker: { exactlyOnce: false },
      seconds: 90,
      promises: { duplicates: 'uncommitted', counted: 8 },
    }),
  ],
}
