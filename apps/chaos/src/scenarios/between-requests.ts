import { API_KEYS } from '../kafka-requests.ts'
import type { KafkaRequest, RequestName } from '../kafka-requests.ts'
import type { Day } from '../scenario.ts'
import type { WorkerProcess } from '../worker-process.ts'
import type { World } from '../world.ts'

/** A place in the requests of a transaction: before the broker gets a request, or before the worker gets the answer. */
interface Stop {
  readonly name: RequestName
  readonly when: 'before' | 'after'
}

const WITHIN_MS = 60_000
/** How often a worker is killed at each stop in the full duration of a case. */
const ROUNDS = 10
/** How long a kill takes, until the next worker reaches its stop. */
const SECONDS_A_KILL = 3.5

const stopsAt = (names: readonly RequestName[]): readonly Stop[] =>
  names.flatMap((name) => (['before', 'after'] as const).map((when) => ({ name, when })))

/**
 * Kills the worker that reaches a stop, at each stop in turn, and starts another in its place. The number of rounds follows from
 * the duration.
 */
function killAt(stops: readonly Stop[]) {
  return async (world: World): Promise<void> => {
    const rounds = Math.max(1, Math.round(world.seconds / SECONDS_A_KILL / stops.length))
    let done = 0
    let wanted: { readonly stop: Stop; skip: number } | undefined
    let victim: WorkerProcess | undefined
    /** Whether a request or its answer passes. */
    async function passes({ apiKey, clientId }: KafkaRequest, when: Stop['when']): Promise<boolean> {
      if (wanted === undefined || wanted.stop.when !== when || API_KEYS[wanted.stop.name] !== apiKey) return true
      const worker = world.alive.find(({ name }) => name === clientId)
      if (worker === undefined || !world.atWork(worker) || wanted.skip-- > 0) return true
      wanted = undefined
      victim = worker
      await world.kill(worker, 'SIGKILL')
      return false
    }
    world.proxy.watcher = {
      request: (request) => passes(request, 'before'),
      answer: (request) => passes(request, 'after'),
    }
    try {
      for (let i = 0; i < 3; i++) world.start()
      await world.settled()
      while (done < rounds) {
        for (const stop of stops) {
          victim = undefined
          wanted = { stop, skip: Math.floor(world.random() * 4) }
          await world.until(`a worker is killed ${stop.when} ${stop.name}`, () => victim?.exit !== undefined, WITHIN_MS)
          world.log(`a worker is killed ${stop.when} ${stop.name}`)
          world.start()
        }
        await world.progress()
        done += 1
      }
    } finally {
      world.proxy.watcher = undefined
      world.log(`${done} of ${rounds} rounds of kills at ${stops.length} requests and answers`)
    }
  }
}

function variant(name: string, stops: readonly Stop[], own: Partial<Day> = {}): Day {
  return {
    name,
    partitions: 6,
    rate: 500,
    worker: { sessionTimeoutMs: 2000, heartbeatIntervalMs: 400 },
    seconds: ROUNDS * stops.length * SECONDS_A_KILL,
    promises: { mayLose: true, counted: 2 * stops.length },
    run: killAt(stops),
    ...own,
  }
}

/** With `transaction.version` 2, and with 1, where partitions and groups are added to a transaction by requests of their own. */
export const betweenRequests: readonly Day[] = [
  variant('between-requests', stopsAt(['Produce', 'TxnOffsetCommit', 'EndTxn']), { shortSeconds: 2 }),
  variant(
    'between-requests v1',
    stopsAt(['AddPartitionsToTxn', 'Produce', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn']),
    { transactionVersion: 1 },
  ),
]
