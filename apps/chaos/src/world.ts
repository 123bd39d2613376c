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

/** What a scenario has in its hands. */
export interface World extends Pick<WorldOptions, 'commits' | 'random' | 'seconds' | 'log'> {
  /** Where to ask about the brokers, and by which ids to find them. */
  readonly addresses: string
  readonly nodes: ReadonlyMap<number, RunningKafka>
  /** The only node, and what stands before it. Throws for a case that has a cluster. */
  readonly broker: RunningKafka
  readonly proxy: TcpProxy
  readonly input: string
  /** All there ever were. */
  /** How often the group was rebalanced since it had settled; from its first member on, if nobody waits for that. */
  readonly rebalances: number
  readonly workers: readonly WorkerProcess[]
  readonly alive: readonly WorkerProcess[]
  readonly kills: readonly Kill[]
  readonly lapses: readonly Lapse[]
  readonly mishaps: readonly number[]
  start(): WorkerProcess
  /** Whether a worker has handled anything yet. */
  atWork(worker: WorkerProcess): boolean
  /** Ends a worker, and resolves when it is gone. */
  kill(worker: WorkerProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<Kill>
  /** Something else happens that counts like a kill: to one worker, or to all. */
  count(what: string): Kill
  /** Says that a worker, or all of them, could not keep what they own. */
  lapse(lapse: Lapse): void
  /** Recovery is counted from now. */
  mishap(): void
  wait(ms: number): Promise<void>
  /** Rejects when it takes too long, naming what was waited for. */
  until(what: string, condition: () => boolean, withinMs?: number): Promise<void>
  /** Resolves when a record of every partition has been committed that was not yet. */
  progress(withinMs?: number): Promise<void>
  /** Resolves when each worker has handled something, and every partition progresses: nobody is still on the way. */
  settled(): Promise<void>
  /** Resolves when that many records are committed. */
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

  /** By workers: without any there is nothing to wait for. */
  async function untilDone(what: string, done: () => boolean, withinMs?: number): Promise<void> {
    await until(what, () => done() || nobody(), withinMs)
    if (!done()) throw new Error(`no worker is left, and waited until ${what}`)
  }

  const atWork: World['atWork'] = ({ plan: { log } }) => existsSync(log) && statSync(log).size > 0

  async function progress(withinMs?: number): Promise<void> {
    const before = new Map(commits.current)
    const moved = (partition: number) => (commits.current.get(partition) ?? 0) > (before.get(partition) ?? 0)
    const all = Array.from({ length: partitions }, (_, partition) => partition)
    await untilDone('every partition has progressed', () => all.every(moved), withinMs)
  }

  /** The generation of the group when it had settled. */
  let settledAs = 0

  return {
    ...rest,
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
    start() {
      signal.throwIfAborted()
      const name = `w${workers.length + 1}`
      const worker = startWorker(name, { ...plan, log: join(folder, `${name}.log`) })
      workers.push(worker)
      return worker
    },
    atWork,
    async kill(worker, signal) {
      const kill = kills.add({ ...now(), what: `${signal} of ${worker.name}`, worker: worker.name })
      const { at } = kill
      // Who is asked to end gives back what it owns; who is killed does not.
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
  if (thing === undefined) throw new Error('this case has a cluster, and no broker of its own behind a proxy')
  return thing
}
