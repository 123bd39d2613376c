import type { Buffer } from 'node:buffer'
import type { Environment, ReadOptions } from './environment.ts'
import type { KeyRange } from './key-range.ts'

export interface RawEntry {
  readonly key: Buffer
  /** Undefined where values were not asked for. */
  readonly value: Uint8Array | undefined
}

interface ReadRangeOptions {
  readonly reverse: boolean
  readonly values: boolean
  readonly reading: ReadOptions
}

/** The entries of a range that is not empty, as they were when its transaction began. */
export function readRange(environment: Environment, range: KeyRange, options: ReadRangeOptions): Iterator<RawEntry> {
  const { reverse, values, reading } = options
  const first = reverse ? range.upper : range.lower
  const last = reverse ? range.lower : range.upper
  const found: Iterable<unknown> = environment.getRange({
    ...reading,
    reverse,
    // An empty key: the first that there can be.
    start: first?.key ?? (reverse ? undefined : ''),
    end: last?.key,
    exclusiveStart: first?.isInclusive === false,
    inclusiveEnd: last?.isInclusive === true,
    values,
  })
  const entries = found[Symbol.iterator]()
  return values
    ? (entries as Iterator<RawEntry>)
    : {
        next: () => toKey(entries.next() as IteratorResult<Buffer, undefined>),
        return: () => entries.return!() as never,
      }
}

function toKey(next: IteratorResult<Buffer, undefined>): IteratorResult<RawEntry> {
  return next.done === true ? next : { done: false, value: { key: next.value, value: undefined } }
}
