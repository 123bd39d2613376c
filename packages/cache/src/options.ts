import { SnapstreamError, describe, type SyncCodec } from '@snapstream/core'

/** The options of a sub-cache. A cache has them for its own entries; its sub-caches do not inherit them. */
export interface SubCacheOptions<V> {
  /**
   * Turns values into bytes and back. It has to be synchronous.
   *
   * @default JSON, which refuses values that it would change (undefined, functions, NaN, a Map, ...)
   */
  readonly codec?: SyncCodec<V> | undefined
  /**
   * The longest time that a transaction waits for keys that other transactions hold, in milliseconds; then it rejects with
   * `CACHE_BUSY`. A number above 0.
   *
   * @default 30_000
   */
  readonly lockWaitMs?: number | undefined
  /**
   * Time to live: an entry expires so many milliseconds after its last write. A number above 0. No read, range or live view
   * shows an expired entry; later batches free its disk. An entry may have a `ttlMs` of its own. The option applies to new
   * writes only.
   *
   * @default Infinity
   */
  readonly ttlMs?: number | undefined
  /**
   * The most entries in the backend. Each batch evicts the entries that were written longest ago. With a bound the cache
   * reads the keys of a batch before it writes them, to know which are new. A number above 0.
   *
   * @default Infinity
   */
  readonly maxEntries?: number | undefined
  /**
   * The same as a size: the most bytes of keys and values, before the backend compresses them. A number above 0.
   *
   * @default Infinity
   */
  readonly maxBytes?: number | undefined
}

/** The options of a cache. */
export interface CacheOptions<V> extends SubCacheOptions<V> {
  /**
   * The memory for writes of sinks between two checkpoints, in bytes, with about 200 for each entry; sub-caches count. A
   * number above 0. A sink that exceeds it writes a batch early and waits for it. Another such amount may be buffered while
   * a batch is being written.
   *
   * @default 16_777_216 (16 MiB)
   */
  readonly bufferBytes?: number | undefined
  /**
   * Opens the cache for reading only, also while another process has it open. Changes are refused with `UNSUPPORTED`.
   *
   * LevelDB lets one process into a folder. The cache therefore reads a copy of the folder as it is when it is opened: a
   * folder beside it (or in the system's folder for temporary files) with links to its tables, which take no space, and
   * copies of its log. The copy is removed when the cache is closed or the process exits. A database that the user made is
   * opened as it is.
   *
   * @default false
   */
  readonly readOnly?: boolean | undefined
  /**
   * Stores the positions of the cache's topics in the batch that holds the results of their records. After a crash a stream
   * continues exactly where the cache is, and each record counts once. Nothing is committed to the group. The sources have to
   * be topics that feed no other exactly-once sink, each read by one binding. While the stream runs, all writes have to come
   * from its sinks or from transactions of its handlers, and each checkpoint waits until the batch is written. The option
   * holds for all sub-caches: one stream at a time feeds them all.
   *
   * @default false: after a crash the messages since the last checkpoint are handled again
   */
  readonly exactlyOnce?: boolean | undefined
}

const SUB_NAMES = ['codec', 'lockWaitMs', 'ttlMs', 'maxEntries', 'maxBytes']
const NAMES = [...SUB_NAMES, 'bufferBytes', 'readOnly', 'exactlyOnce']

/** Throws `USAGE` for an unknown option and for an invalid value. */
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
