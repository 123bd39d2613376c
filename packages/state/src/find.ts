import type { CacheKey } from '@snapstream/cache'
import { SnapstreamError } from '@snapstream/core'
import type { Changelog } from '@snapstream/core/adapter'
import { partName, storeName } from './part.ts'
import type { StoreParts } from './store-parts.ts'

/** The options of `find`. */
export interface FindOptions {
  /**
   * The key of the records by which the entry is written, which tells its partition. Give it where a handler writes under other
   * keys than those of its records.
   *
   * @default the key of the entry
   */
  readonly recordKey?: unknown
  /**
   * Whether a copy may answer that this process keeps of the part of another one. It may be a moment behind its owner.
   *
   * @default false
   */
  readonly standby?: boolean
}

/** The answer of `find`: the value, or the process that has it. */
export type Found<V> = FoundHere<V> | FoundElsewhere

/** This process has the part of the key. */
export interface FoundHere<V> {
  readonly here: true
  /** The value; undefined if the key has none. */
  readonly value: V | undefined
  /** The number of the part. */
  readonly partition: number
  /** Whether a copy has answered, which may be a moment behind its owner. */
  readonly standby: boolean
}

/** Another process has the part of the key. */
export interface FoundElsewhere {
  readonly here: false
  /** The number of the part. */
  readonly partition: number
  /** The `endpoint` of the process that has it. */
  readonly endpoint: string
  /** The endpoints of the processes that keep a copy. */
  readonly standbys: readonly string[]
}

/** A store in a run, as `find` needs it. */
interface FoundIn<K extends CacheKey, V> {
  readonly store: string
  readonly changelog: Pick<Changelog, 'owner' | 'partitionOfKey'>
  readonly parts: Pick<StoreParts<K, V>, 'open' | 'standbys'>
}

const NAMES = ['recordKey', 'standby']

/** Looks a key up in the streams of this process that use a store. See `find` of `Store`. `title`: the store. */
export async function findIn<K extends CacheKey, V>(
  runs: readonly FoundIn<K, V>[],
  title: string,
  key: K,
  options: FindOptions,
): Promise<Found<V>> {
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown !== undefined)
    throw new SnapstreamError('USAGE', `${title}: the options of find() are ${NAMES.join(', ')}, got "${unknown}"`)
  let elsewhere: Found<V> | undefined
  let failure: unknown = new SnapstreamError(
    'NOT_OPEN',
    `${title} is not open; bind it as a sink or name it in the use of a binding, and start the stream`,
  )
  for (const run of runs)
    try {
      const found = await find(run, key, options)
      if (found.here) return found
      elsewhere = found
    } catch (error) {
      failure = error
    }
  if (elsewhere !== undefined) return elsewhere
  throw failure
}

async function find<K extends CacheKey, V>(run: FoundIn<K, V>, key: K, options: FindOptions): Promise<Found<V>> {
  const { store, changelog, parts } = run
  const { recordKey = key, standby = false } = options
  const partition = changelog.partitionOfKey(recordKey)
  const owner = changelog.owner(partition)
  const own = owner?.here ? parts.open.get(partition)?.committed : undefined
  if (own !== undefined) return { here: true, value: await own.get(key), partition, standby: false }
  const copy = standby && !owner?.here ? parts.standbys.copies.get(partition) : undefined
  if (copy !== undefined) return { here: true, value: await copy.get(key), partition, standby: true }
  const name = partName(store, partition)
  if (owner === undefined)
    throw unavailable(`no process has ${name} at the moment, or this one does not know it yet; try again`, partition)
  if (owner.here) throw unavailable(`${name} is being restored in this process; try again`, partition)
  const { endpoint, standbys } = owner
  if (endpoint !== '') return { here: false, partition, endpoint, standbys }
  throw new SnapstreamError(
    'USAGE',
    `${name} is in another process, which has told no address; give ${storeName(store)} an endpoint in each process: Store(${JSON.stringify(store)}, { endpoint })`,
    { partition },
  )
}

const unavailable = (message: string, partition: number) =>
  new SnapstreamError('STORE_UNAVAILABLE', message, { partition })
