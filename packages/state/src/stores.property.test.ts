import { MemoryLevel } from 'memory-level'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFakeSource, type FakeSource } from './fixtures/fake-source.ts'
import { createLogBroker } from './fixtures/log-broker.ts'
import { copyOf, startProcess, type StoreProcess } from './fixtures/store-process.ts'
import { Store } from './index.ts'

const PARTITIONS = 2
const PROCESSES = 2
const TOPIC = 'g-counts-changelog'

const step = fc.record({
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant('handle' as const) },
    { weight: 2, arbitrary: fc.constant('retry' as const) },
    { weight: 3, arbitrary: fc.constant('assign' as const) },
    { weight: 3, arbitrary: fc.constant('move' as const) },
    { weight: 3, arbitrary: fc.constant('prepare' as const) },
    { weight: 3, arbitrary: fc.constant('commit' as const) },
    { weight: 2, arbitrary: fc.constantFrom('revoke' as const, 'lose' as const) },
    { weight: 1, arbitrary: fc.constantFrom('abort' as const, 'compact' as const, 'deliver' as const) },
    { weight: 2, arbitrary: fc.constantFrom('kill' as const, 'killInCommit' as const) },
  ),
  process: fc.nat(PROCESSES - 1),
  partition: fc.nat(PARTITIONS - 1),
  /** How much of what was sent a process gets delivered before it dies, and whether its folder is lost. */
  survives: fc.nat(5),
  fresh: fc.boolean(),
})

const plan = fc.record({
  keys: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 6, maxLength: 12 }),
  steps: fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }),
})

interface Worker {
  readonly disk: MemoryLevel
  readonly source: FakeSource
  readonly process: StoreProcess
  readonly store: ReturnType<typeof Store<string, number>>
  /** By partition, the position of the next message. */
  readonly at: Map<number, number>
  /** The positions of the checkpoint that is under way. */
  noted: Map<number, number> | undefined
}

/** Runs a plan, and returns the counts at its end, how often each key was handled, and what the input has. */
async function run({ keys, steps }: typeof plan extends fc.Arbitrary<infer P> ? P : never, exactlyOnce: boolean) {
  const broker = createLogBroker()
  const committed = new Map<number, number>()
  const handled = new Map<string, number>()
  const workers: (Worker | undefined)[] = []

  async function begin(disk: MemoryLevel): Promise<Worker> {
    const source = createFakeSource({ broker, partitions: PARTITIONS, exactlyOnce, perBatch: 2 })
    const store = Store<string, number>('counts', { folder: disk })
    return { disk, source, store, process: await startProcess([store], source), at: new Map(), noted: undefined }
  }
  async function handle({ process, store, at }: Worker, partition: number, tries: number): Promise<void> {
    const position = at.get(partition)!
    const key = keys[position]
    if (key === undefined) return
    const message = { partition, key }
    const origin = process.begin(message)
    const count = () => {
      const part = store.of(message)
      part.put(key, (part.getSync(key) ?? 0) + 1)
    }
    count()
    for (let n = 0; n < tries; n++) {
      process.undo(origin)
      process.writers[0]!.state!.begin(origin)
      count()
    }
    await process.release(origin)
    at.set(partition, position + 1)
    handled.set(`${partition}/${key}`, (handled.get(`${partition}/${key}`) ?? 0) + 1)
  }
  function prepare(worker: Worker): void {
    if (worker.noted !== undefined) return
    worker.noted = new Map(worker.at)
    worker.process.prepare()
    worker.source.prepare()
  }
  function commitPositions(noted: ReadonlyMap<number, number>): void {
    for (const [partition, position] of noted) committed.set(partition, position)
  }
  async function commit(worker: Worker, dies = false): Promise<void> {
    prepare(worker)
    const noted = worker.noted!
    worker.noted = undefined
    if (exactlyOnce) {
      worker.source.commit()
      commitPositions(noted)
      if (!dies) await worker.process.commit()
    } else {
      await worker.process.commit()
      if (!dies) commitPositions(noted)
    }
  }
  async function revoke(worker: Worker, partition: number): Promise<void> {
    if (worker.noted !== undefined) await commit(worker)
    await commit(worker)
    worker.process.revoke(partition)
    worker.at.delete(partition)
  }
  function abort(worker: Worker): void {
    if (!exactlyOnce) return
    worker.noted = undefined
    worker.process.abort()
    worker.source.abort()
    for (const partition of worker.at.keys()) worker.at.set(partition, committed.get(partition) ?? 0)
  }
  async function kill(i: number, survives: number, fresh: boolean): Promise<void> {
    const worker = workers[i]!
    const disk = fresh ? new MemoryLevel() : await copyOf(worker.disk)
    if (exactlyOnce) worker.source.abort()
    else worker.source.deliver(survives)
    workers[i] = await begin(disk)
  }

  for (let i = 0; i < PROCESSES; i++) workers.push(await begin(new MemoryLevel()))
  for (const { kind, process: i, partition, survives, fresh } of steps) {
    const worker = workers[i]!
    const { at, process, source } = worker
    const has = at.has(partition)
    if (kind === 'assign' && !workers.some((other) => other!.at.has(partition))) {
      await process.assign(partition)
      at.set(partition, committed.get(partition) ?? 0)
    } else if (kind === 'handle' && has) await handle(worker, partition, 0)
    else if (kind === 'retry' && has) await handle(worker, partition, 2)
    else if (kind === 'prepare') prepare(worker)
    else if (kind === 'commit') await commit(worker)
    else if (kind === 'revoke' && has) await revoke(worker, partition)
    else if (kind === 'move') {
      const owner = workers.find((other) => other!.at.has(partition))
      if (owner !== undefined) await revoke(owner, partition)
      await process.assign(partition)
      at.set(partition, committed.get(partition) ?? 0)
    } else if (kind === 'lose' && has) {
      process.revoke(partition, 'lost')
      at.delete(partition)
      worker.noted?.delete(partition)
      abort(worker)
    } else if (kind === 'abort') abort(worker)
    else if (kind === 'deliver' && !exactlyOnce) source.deliver(survives)
    else if (kind === 'compact') broker.compact(broker.topic(TOPIC, PARTITIONS))
    else if (kind === 'kill') await kill(i, survives, fresh)
    else if (kind === 'killInCommit') {
      await commit(worker, true)
      await kill(i, survives, fresh)
    }
  }
  // Everybody dies; two processes, one with what is on disk and one without, have to come to the same end.
  const { disk } = workers[0]!
  for (const { source } of workers as Worker[]) if (exactlyOnce) source.abort()
  const last = await begin(await copyOf(disk))
  for (let partition = 0; partition < PARTITIONS; partition++) {
    await last.process.assign(partition)
    last.at.set(partition, committed.get(partition) ?? 0)
    while (last.at.get(partition)! < keys.length) await handle(last, partition, 0)
  }
  await commit(last)
  const restored = await begin(new MemoryLevel())
  const counts: Record<string, number | undefined> = {}
  for (let partition = 0; partition < PARTITIONS; partition++) {
    await restored.process.assign(partition)
    const message = { partition, key: '' }
    for (const { process, store } of [restored, last]) {
      const origin = process.begin(message)
      for (const key of new Set(keys)) {
        const value = store.of(message).getSync(key)
        const id = `${partition}/${key}`
        expect({ [id]: value }).toEqual({ [id]: (counts[id] ??= value) })
      }
      await process.release(origin)
    }
  }
  return { counts, handled: Object.fromEntries(handled), input: inputOf(keys) }
}

function inputOf(keys: readonly string[]): Record<string, number> {
  const input: Record<string, number> = {}
  for (let partition = 0; partition < PARTITIONS; partition++)
    for (const key of keys) input[`${partition}/${key}`] = (input[`${partition}/${key}`] ?? 0) + 1
  return input
}

const runs = { numRuns: 150 }

test('exactly once: whatever dies, moves and is aborted, each message counts once', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (given) => {
      const { counts, input } = await run(given, true)
      expect(counts).toEqual(input)
    }),
    runs,
  )
}, 60_000)

test('at least once: whatever dies and moves, no message is missing, and none counts more often than it was handled', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (given) => {
      const { counts, handled, input } = await run(given, false)
      const wrong = Object.entries(input).filter(
        ([id, least]) => !(counts[id]! >= least && counts[id]! <= handled[id]!),
      )
      expect(wrong).toEqual([])
    }),
    runs,
  )
}, 60_000)
