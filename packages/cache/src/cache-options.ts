import { SnapstreamError, describe } from '@snapstream/core'
import type { CacheOptions } from './cache.ts'

const NAMES = ['codec', 'bufferBytes', 'exactlyOnce']

/** Throws `USAGE` for an option that a cache does not have or that is not of its type. */
export function checkOptions<V>(options: CacheOptions<V>): void {
  if (typeof options !== 'object' || options === null)
    throw new SnapstreamError('USAGE', `the options of a cache are an object, got ${describe(options)}`)
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown !== undefined)
    throw new SnapstreamError('USAGE', `a cache takes the options ${NAMES.join(', ')}, got "${unknown}"`)
  const { codec, bufferBytes, exactlyOnce } = options
  if (bufferBytes !== undefined && !(typeof bufferBytes === 'number' && bufferBytes > 0))
    throw new SnapstreamError('USAGE', `bufferBytes is a number of bytes above 0, got ${describe(bufferBytes)}`)
  if (exactlyOnce !== undefined && typeof exactlyOnce !== 'boolean')
    throw new SnapstreamError('USAGE', `exactlyOnce is true or false, got ${describe(exactlyOnce)}`)
  if (codec !== undefined && (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function'))
    throw new SnapstreamError('USAGE', `the codec of a cache has encode and decode, got ${describe(codec)}`)
}
