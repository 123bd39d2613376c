import { SnapstreamError, describe, type SyncCodec } from '@snapstream/core'

/** What a cache and each of its sub-caches has for itself. */
export interface SubCacheOptions<V> {
  /**
   * How values become bytes; it has to be synchronous.
   *
   * @default JSON, which refuses what it would lose (undefined, functions, NaN, a Map, ...)
   */
  readonly codec?: SyncCodec<V> | undefined
  /**
   * How long a transaction waits for keys that other transactions hold, in milliseconds, before it rejects with
   * `CACHE_BUSY`.
   *
   * @default 30_000
   */
  readonly lockWaitMs?: number | undefined
  /**
   * After how long an entry ends, in milliseconds from when it was written last. Nobody sees it then: no read, range or live
   * view; its disk is freed by the batches that follow. An entry may have one of its own. What was written without one
   * stays as it is.
   *
   * @default Infinity
   */
  readonly ttlMs?: number | undefined
  /**
   * How many entries the cache may have in the backend. With each batch the oldest ones go, those that were written
   * longest ago. The cache reads the keys of a batch before it writes them, to know which are new.
   *
   * @default Infinity
   */
  readonly maxEntries?: number | undefined
  /**
   * The same by size: how many bytes of keys and values, before the backend compresses them.
   *
   * @default Infinity
   */
  readonly maxBytes?: number | undefined
}

export interface CacheOptions<V> extends SubCacheOptions<V> {
  /**
   * How much sinks may buffer between two checkpoints, in bytes, about 200 per entry included; sub-caches count in. More
   * than that is written at once, and the sink's writer waits. While a batch is being written the same amount may gather
   * again.
   *
   * @default 16_777_216 (16 MiB)
   */
  readonly bufferBytes?: number | undefined
  /**
   * To look into a cache, also while another process has it open. Whatever would change it is refused with `UNSUPPORTED`.
   *
   * LevelDB lets one process in. What is read therefore is a copy of the folder, as it was when it was opened: a folder
   * beside it (in the system's one for temporary files, if none can be made there) with links to its tables, which take no
   * space, and copies of its log. It goes away when the cache is closed or the process exits. A database that somebody
   * made is opened as it is; whether others may have it open meanwhile is up to it.
   *
   * @default false
   */
  readonly readOnly?: boolean | undefined
  /**
   * Keeps the positions of the topics that feed it, in the batch that holds what came of them: after a crash a stream goes on
   * exactly where the cache is, and each record counts once. Nothing is committed to the group. Its sources have to be
   * topics that feed nothing else that is exactly once, each read by one binding; while the stream runs, all writes have to
   * come through it, by its sinks or by transactions of its handlers; at each checkpoint what feeds it waits until the batch
   * is written. Holds for all sub-caches, which are fed as one with the cache, by one stream at a time.
   *
   * @default false: after a crash, what was handled since the last checkpoint is handled again
   */
  readonly exactlyOnce?: boolean | undefined
}

const SUB_NAMES = ['codec', 'lockWaitMs', 'ttlMs', 'maxEntries', 'maxBytes']
const NAMES = [...SUB_NAMES, 'bufferBytes', 'readOnly', 'exactlyOnce']

/** Throws `USAGE` for an option that a cache does not have or that is not of its type. */
export function checkOptions<V>(options: CacheOptions<V>): void {
  checkNames(options, NAMES, 'a cache')
  const { bufferBytes, readOnly, exactlyOnce } = options
  expectAbove0(bufferBytes, 'bufferBytes is a number of bytes')
  for (const [name, value] of Object.entries({ readOnly, exactlyOnce }))
    if (value !== undefined && typeof value !== 'boolean')
      throw new SnapstreamError('USAGE', `${name} is true or false, got ${describe(value)}`)
  checkOwn(options)
}

/** The same for a sub-cache. */
export function checkSubOptions<V>(options: SubCacheOptions<V>): void {
  checkNames(options, SUB_NAMES, 'a sub-cache')
  checkOwn(options)
}

function checkNames(options: object, names: readonly string[], what: string): void {
  if (typeof options !== 'object' || options === null)
    throw new SnapstreamError('USAGE', `the options of ${what} are an object, got ${describe(options)}`)
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new SnapstreamError('USAGE', `${what} takes the options ${names.join(', ')}, got "${unknown}"`)
}

function expectAbove0(value: unknown, what: string): void {
  if (value !== undefined && !(typeof value === 'number' && value > 0))
    throw new SnapstreamError('USAGE', `${what} above 0, got ${describe(value)}`)
}

function checkOwn<V>({ codec, lockWaitMs, ttlMs, maxEntries, maxBytes }: SubCacheOptions<V>): void {
  expectAbove0(lockWaitMs, 'lockWaitMs is a number of milliseconds')
  expectAbove0(ttlMs, 'ttlMs is a number of milliseconds')
  expectAbove0(maxEntries, 'maxEntries is a number of entries')
  expectAbove0(maxBytes, 'maxBytes is a number of bytes')
  if (codec !== undefined && (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function'))
    throw new SnapstreamError('USAGE', `the codec of a cache has encode and decode, got ${describe(codec)}`)
}
