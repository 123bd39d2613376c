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

const stopsAt = (names: readonly RequestName[]): readonly Stop[] =>
  names.flatMap((name) => (['before', 'after'] as const).map((when) => ({ name, when })))

/** Kills the worker that reaches a stop, at each stop in turn, and starts another in its place. */
function killAt(stops: readonly Stop[]) {
  return async (world: World): Promise<void> => {
    const counts = new Map(stops.map((stop) => [stop, 0]))
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
      const endMs = Date.now() + world.seconds * 1000
      do {
        for (const stop of stops) {
          victim = undefined
          wanted = { stop, skip: Math.floor(world.random() * 4) }
          await world.until(`a worker is killed ${stop.when} ${stop.name}`, () => victim?.exit !== undefined, WITHIN_MS)
          counts.set(stop, (counts.get(stop) ?? 0) + 1)
          world.log(`a worker is killed ${stop.when} ${stop.name}`)
          world.start()
        }
        await world.progress()
      } while (Date.now() < endMs)
    } finally {
      world.proxy.watcher = undefined
      world.log([...counts].map(([{ when, name }, count]) => `${when} ${name}: ${count}`).join(', '))
    }
  }
}

const day = {
  partitions: 6,
  rate: 500,
  worker: { sessionTimeoutMs: 3000, heartbeatIntervalMs: 500 },
  seconds: 130,
} satisfies Partial<Day>

/** With `transaction.version` 2, and with 1, where partitions and groups are added to a transaction by requests of their own. */
export const betweenRequests: readonly Day[] = [
  {
    ...day,
    name: 'between-requests',
    shortSeconds: 2,
    promises: { mayLose: true, counted: 12 },
    run: killAt(stopsAt(['Produce', 'TxnOffsetCommit', 'EndTxn'])),
  },
  {
    ...day,
    name: 'between-requests v1',
    transactionVersion: 1,
    seconds: 220,
    promises: { mayLose: true, counted: 20 },
    run: killAt(stopsAt(['AddPartitionsToTxn', 'Produce', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'])),
  },
]
