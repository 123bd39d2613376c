import { Buffer } from 'node:buffer'
import type { Stored } from './entry.ts'

/** The metadata that is stored in front of a value. */
export interface Head {
  /** The moment of expiry, in ms since the epoch; 0: never. */
  readonly expiresAt: number
  /** The sequence number of the write, in a bounded cache; 0 elsewhere. */
  readonly sequence: number
}

// Most values are stored without a head. A value that expires has one, and so has each value of a bounded cache. A head is the
// mark and two numbers. A number has seven bytes of seven bits, so that text with a head is still text. JSON never begins with
// the mark. If the value of a codec begins with it, the value gets a head too.
const FIRST = 0x0e
const MARK = '\u000Esn'
const DIGITS = 7
const LENGTH = MARK.length + 2 * DIGITS

/** Adds a head if the value needs one. */
export function addHead(stored: Stored, expiresAt: number, sequence: number): Stored {
  if (expiresAt === 0 && sequence === 0 && !hasMark(stored)) return stored
  const head = MARK + digits(expiresAt) + digits(sequence)
  return typeof stored === 'string' ? head + stored : Buffer.concat([Buffer.from(head), stored])
}

/** The head of a stored value, if it has one. */
export function headOf(stored: Stored): Head | undefined {
  if (!hasMark(stored)) return undefined
  return { expiresAt: numberAt(stored, MARK.length), sequence: numberAt(stored, MARK.length + DIGITS) }
}

/** The value without its head; undefined if it has expired. */
export function bodyOf<S extends Stored>(stored: S, now: () => number): S | undefined {
  if (!hasMark(stored)) return stored
  const expiresAt = numberAt(stored, MARK.length)
  if (expiresAt !== 0 && expiresAt <= now()) return undefined
  return (typeof stored === 'string' ? stored.slice(LENGTH) : stored.subarray(LENGTH)) as S
}

function hasMark(stored: Stored): boolean {
  return (
    codeAt(stored, 0) === FIRST && codeAt(stored, 1) === MARK.charCodeAt(1) && codeAt(stored, 2) === MARK.charCodeAt(2)
  )
}

function codeAt(stored: Stored, i: number): number | undefined {
  return typeof stored === 'string' ? stored.charCodeAt(i) : stored[i]
}

function digits(value: number): string {
  let text = ''
  for (let rest = value, i = 0; i < DIGITS; i++, rest = Math.floor(rest / 128))
    text = String.fromCharCode(rest % 128) + text
  return text
}

function numberAt(stored: Stored, from: number): number {
  let value = 0
  for (let i = from; i < from + DIGITS; i++) value = value * 128 + codeAt(stored, i)!
  return value
}
