import { SnapstreamError, describe, toError, type ErrorCode } from '@snapstream/core'

/** The most characters of an untrusted text (a name, a pattern, a value) in a message. */
const MAX_TEXT = 200
/** The most characters of a message. */
const MAX_MESSAGE = 2000

/** Shortens a text to `max` characters: the full length replaces the middle. */
export function cut(text: string, max: number = MAX_TEXT): string {
  if (text.length <= max) return text
  const note = `… (${text.length} characters) …`
  const tail = Math.floor((max - note.length) / 4)
  const head = max - note.length - tail
  return text.slice(0, head).replace(/[\uD800-\uDBFF]$/, '') + note + text.slice(-tail).replace(/^[\uDC00-\uDFFF]/, '')
}

/** Describes an untrusted value in a few words; never throws. */
export function show(value: unknown): string {
  try {
    return cut(describe(value))
  } catch {
    return `a ${typeof value}`
  }
}

/** An error whose message and cause are cut to 2,000 characters each: both may quote untrusted input. */
export function codecError(code: ErrorCode, message: string, thrown?: unknown): SnapstreamError {
  const text = cut(message, MAX_MESSAGE)
  return thrown === undefined
    ? new SnapstreamError(code, text)
    : new SnapstreamError(code, text, { cause: shortened(toError(thrown)) })
}

/** The message of a thrown value, as part of another message. */
export function messageOf(thrown: unknown): string {
  if (isStackOverflow(thrown)) return 'the nesting is deeper than the stack holds'
  return cut(toError(thrown).message, MAX_MESSAGE / 2)
}

export function isStackOverflow(thrown: unknown): boolean {
  const error = toError(thrown)
  return error instanceof RangeError && error.message.includes('call stack')
}

/** A new error, since the stack of the old one repeats the long message. */
function shortened(error: Error): Error {
  return error.message.length <= MAX_MESSAGE ? error : new Error(cut(error.message, MAX_MESSAGE))
}
