import { join } from 'node:path'
import type { Handling } from '../handling.ts'
import { placeOf } from '../place.ts'
import type { ReadRecord } from '../read-records.ts'
import type { World } from '../world.ts'
import { auditStore } from './audit.ts'
import { judgeCounts } from './judge-counts.ts'
import type { CountVerdict } from './judge-counts.ts'

/** The store of a run. */
export interface JudgedStore {
  /** The folder of the run. */
  readonly folder: string
  readonly groupId: string
  readonly partitions: number
  readonly exactlyOnce: boolean
}

interface StoreRecords {
  readonly brokers: string
  readonly input: string
  readonly inputs: readonly ReadRecord[]
  readonly outputs: readonly ReadRecord[]
  readonly handlings: readonly Handling[]
}

/** The number of folders of workers that are read, the latest first. */
const AUDITED = 3

/** Restores the store into a new folder, brings the folders of the latest workers up to date, and judges the counts. */
export async function judgeStore(
  { folder, ...store }: JudgedStore,
  { brokers, input, inputs, outputs, handlings }: StoreRecords,
  { workers, kills, signal, log }: Pick<World, 'workers' | 'kills' | 'signal' | 'log'>,
): Promise<CountVerdict> {
  const folders = new Set(workers.toReversed().flatMap(({ plan }) => plan.store?.folder ?? []))
  const names = new Map([['a new folder', join(folder, 'audit')]])
  for (const path of [...folders].slice(0, AUDITED)) names.set(`the folder ${path}`, path)
  const audits = new Map<string, ReadonlyMap<string, number>>()
  const unread: string[] = []
  for (const [name, path] of names)
    try {
      audits.set(name, await auditStore({ ...store, brokers, input, folder: path, signal }))
    } catch (error) {
      signal.throwIfAborted()
      unread.push(`${name} could not be read: ${String(error)}`)
    }
  const { problems, tooHigh } = judgeCounts({
    exactlyOnce: store.exactlyOnce,
    inputs,
    outputs,
    audits,
    handled: handlings.map(({ partition, offset }) => placeOf(partition, offset)),
    uncommitted: kills.reduce((sum, { uncommitted }) => sum + uncommitted, 0),
  })
  log(`${inputs.length} records counted in ${audits.size} copies, ${tooHigh} too high; folders: ${folders.size}`)
  return { problems: [...unread, ...problems], tooHigh }
}
