import { isUtf8 } from 'node:buffer'
import type { Headers } from '@snapstream/core'

/** The headers of a record as far as they can be read. */
export interface ReadHeaders {
  readonly headers: Headers
  /** Why there are others that cannot be read: the name of one is not UTF-8, or a count or a length is wrong. */
  readonly problem: string | undefined
  /** A count or a length is wrong. No broker takes them so. */
  readonly broken: boolean
}

const NONE: ReadHeaders = { headers: Object.freeze([]), problem: undefined, broken: false }
/** A varint of 32 bits has no more. */
const MAX_VARINT_BYTES = 5

/**
 * Reads the headers of a record as a record batch has them, which are the bytes from `start` to `end`: their count, then
 * length and bytes of each name and value, where a value of a negative length is null. Never throws: what cannot be read is
 * left out, and `problem` says why.
 */
export function readHeaders(bytes: Buffer, start = 0, end = bytes.length): ReadHeaders {
  if (bytes[start] === 0 && start + 1 === end) return NONE
  let at = start
  const headers: (readonly [name: string, value: Uint8Array | null])[] = []
  const broken = (problem: string): ReadHeaders => ({ headers, problem, broken: true })
  let problem: string | undefined

  /** NaN where there is none. */
  function varint(): number {
    let value = 0
    for (let n = 0; n < MAX_VARINT_BYTES && at < end; n++) {
      const byte = bytes[at++] as number
      value |= (byte & 0x7f) << (7 * n)
      if (byte <= 0x7f) return (value >>> 1) ^ -(value & 1)
    }
    return NaN
  }

  /** Undefined where there are not so many. */
  function next(length: number): Buffer | undefined {
    if (!(length >= 0 && length <= end - at)) return undefined
    at += length
    return bytes.subarray(at - length, at)
  }

  const count = varint()
  if (!(count >= 0)) return broken('their count is not a number of 0 or more')
  for (let i = 0; i < count; i++) {
    const name = next(varint())
    if (name === undefined) return broken(`the name of header ${i} reaches beyond their end`)
    const length = varint()
    const value = length < 0 ? null : next(length)
    if (value === undefined) return broken(`the value of header ${i} reaches beyond their end`)
    if (isUtf8(name)) headers.push([name.toString('utf8'), value])
    else problem ??= `the name of header ${i} is not UTF-8`
  }
  return at === end ? { headers, problem, broken: false } : broken(`${end - at} bytes follow the last of them`)
}
