import { SnapstreamError, describe, type SyncCodec } from '@snapstream/core'

/** What a cache and each of its sub-caches has for itself. */
export interface SubCacheOptions<V> {
  /**
   * How values become bytes; it has to be synchronous.
   *
   * @default JSON, which refuses what it would lose (undefined, functions, NaN, a Map, ...)
   */
  readonly codec?: SyncCodec<V> | undefined
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
}

const SUB_NAMES = ['codec']
const NAMES = [...SUB_NAMES, 'bufferBytes']

/** Throws `USAGE` for an option that a cache does not have or that is not of its type. */
export function checkOptions<V>(options: CacheOptions<V>): void {
  checkNames(options, NAMES, 'a cache')
  const { bufferBytes } = options
  if (bufferBytes !== undefined && !(typeof bufferBytes === 'number' && bufferBytes > 0))
    throw new SnapstreamError('USAGE', `bufferBytes is a number of bytes above 0, got ${describe(bufferBytes)}`)
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

function checkOwn<V>({ codec }: SubCacheOptions<V>): void {
  if (codec !== undefined && (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function'))
    throw new SnapstreamError('USAGE', `the codec of a cache has encode and decode, got ${describe(codec)}`)
}
