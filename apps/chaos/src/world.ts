import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningKafka } from '@snapstream/services'
import type { Brokers } from './brokers.ts'
import { clock } from './clock.ts'
import type { Commits } from './commits.ts'
import type { Feeder } from './feeder.ts'
import type { Lapse } from './judge/lapse.ts'
import { killCount } from './kill-count.ts'
import type { Kill } from './kill-count.ts'
import type { TcpProxy } from './tcp-proxy.ts'
import { waitUntil } from './wait-until.ts'
import { startWorker } from './worker-process.ts'
import type { WorkerProcess } from './worker-process.ts'
import type { WorkerPlan } from './worker-plan.ts'

export interface WorldOptions {
  readonly brokers: Brokers
  readonly plan: Omit<WorkerPlan, 'log'>
  readonly partitions: number
  readonly folder: string
  readonly feeder: Feeder
  readonly commits: Commits
  readonly random: () => number
  readonly seconds: number
  readonly signal: AbortSignal
  log(line: string): void
}

/** The workers, brokers and figures that a scenario acts on. */
export interface World extends Pick<WorldOptions, 'commits' | 'random' | 'seconds' | 'signal' | 'log'> {
  /** Bootstrap addresses for an admin client. */
  readonly addresses: string
  /** By node id. */
  readonly nodes: ReadonlyMap<number, RunningKafka>
  /** The single broker. Throws for a case with a cluster, as does `proxy`. */
  readonly broker: RunningKafka
  readonly proxy: TcpProxy
  readonly input: string
  /** The rebalances since `settled()` resolved, or since the first member joined if it was not called. */
  readonly rebalances: number
  /** All workers ever started. */
  readonly workers: readonly WorkerProcess[]
  readonly alive: readonly WorkerProcess[]
  readonly kills: readonly Kill[]
  readonly lapses: readonly Lapse[]
  readonly mishaps: readonly number[]
  /** @param own options of this worker alone */
  start(own?: Pick<WorkerPlan, 'groupInstanceId'>): WorkerProcess
  /** Whether a worker has handled a record. */
  atWork(worker: WorkerProcess): boolean
  /** Ends a worker. Resolves when its process has ended. */
  kill(worker: WorkerProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<Kill>
  /** Counts another failure like a kill. */
  count(what: string): Kill
  /** Records a time in which a worker, or all of them, could not keep their partitions. */
  lapse(lapse: Lapse): void
  /** Recovery is measured from now. */
  mishap(): void
  wait(ms: number): Promise<void>
  /** Resolves when a condition holds. Rejects with an error that names `what` after `withinMs`. @default withinMs 60_000 */
  until(what: string, condition: () => boolean, withinMs?: number): Promise<void>
  /** Resolves when the committed offset of every partition has grown. */
  progress(withinMs?: number): Promise<void>
  /** Resolves when each worker has handled a record and every partition progresses: all workers have joined. */
  settled(): Promise<void>
  /** Resolves when `fed` records are committed. */
  drain(fed: number, withinMs: number): Promise<void>
}

export function createWorld({ brokers, plan, folder, partitions, feeder, signal, ...rest }: WorldOptions): World {
  const { commits } = rest
  const workers: WorkerProcess[] = []
  const lapses: Lapse[] = []
  const mishaps: number[] = []
  const kills = killCount()
  const now = () => ({ at: clock(), sent: feeder.sent, committed: new Map(commits.current) })

  const nobody = () => !workers.some(({ alive }) => alive)

  const until: World['until'] = (what, condition, withinMs) =>
    waitUntil(what, condition, { signal, ...(withinMs !== undefined && { withinMs }) })

  /** Like `until`, but fails as soon as no worker is left. */
  async function untilDone(what: string, done: () => boolean, withinMs?: number): Promise<void> {
    await until(what, () => done() || nobody(), withinMs)
    if (!done()) throw new Error(`waited until ${what}, but no worker is left`)
  }

  const atWork: World['atWork'] = ({ plan: { log } }) => existsSync(log) && statSync(log).size > 0

  async function progress(withinMs?: number): Promise<void> {
    const before = new Map(commits.current)
    const moved = (partition: number) => (commits.current.get(partition) ?? 0) > (before.get(partition) ?? 0)
    const all = Array.from({ length: partitions }, (_, partition) => partition)
    await untilDone('every partition has progressed', () => all.every(moved), withinMs)
  }

  /** Half of the time, the folder of a worker that has ended. */
  function leftFolder(): string | undefined {
    const foldersOf = (some: readonly WorkerProcess[]) => some.flatMap(({ plan: { store } }) => store?.folder ?? [])
    const used = new Set(foldersOf(workers.filter(({ exit }) => exit === undefined)))
    const left = foldersOf(workers).filter((one) => !used.has(one))
    return rest.random() < 0.5 ? left.at(-1) : undefined
  }

  /** The generation of the group when `settled()` resolved. */
  let settledAs = 0

  return {
    ...rest,
    signal,
    addresses: brokers.addresses,
    nodes: brokers.nodes,
    input: plan.input,
    get broker() {
      return only(brokers.nodes.size === 1 ? brokers.nodes.get(1) : undefined)
    },
    get proxy() {
      return only(brokers.proxy)
    },
    get rebalances() {
      return commits.generation - settledAs
    },
    workers,
    get alive() {
      return workers.filter(({ alive }) => alive)
    },
    kills: kills.all,
    lapses,
    mishaps,
    start(own) {
      signal.throwIfAborted()
      const name = `w${workers.length + 1}`
      const store = plan.store && { ...plan.store, folder: leftFolder() ?? join(folder, `${name}-state`) }
      const paths = { log: join(folder, `${name}.log`), ...(store && { store }) }
      const worker = startWorker(name, { ...plan, ...own, clientId: name, ...paths })
      workers.push(worker)
      return worker
    },
    atWork,
    async kill(worker, signal) {
      const kill = kills.add({ ...now(), what: `${signal} of ${worker.name}`, worker: worker.name })
      const { at } = kill
      // A worker that ends after SIGTERM gives its partitions back; a killed one does not.
      if (signal === 'SIGKILL') lapses.push({ worker: worker.name, from: at, to: undefined })
      mishaps.push(at)
      await worker.end(signal)
      return kill
    },
    count: (what) => kills.add({ ...now(), what }),
    lapse: (lapse) => void lapses.push(lapse),
    mishap: () => void mishaps.push(clock()),
    wait: (ms) => sleep(ms, undefined, { signal }),
    until,
    progress,
    async settled() {
      await untilDone('every worker handles something', () => workers.every((one) => !one.alive || atWork(one)))
      await progress()
      settledAs = commits.generation
    },
    drain: (fed, withinMs) => untilDone('everything is committed', () => commits.total >= fed, withinMs),
  }
}

function only<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('this case runs against a cluster, which has no single broker and no proxy')
  return thing
}
