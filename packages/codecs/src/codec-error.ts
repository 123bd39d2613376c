import { SnapstreamError, describe, toError, type ErrorCode } from '@snapstream/core'

/** How much of a text from outside (a name, a pattern, a value) a message shows, in characters. */
const MAX_TEXT = 200
/** How long a message may be as a whole, in characters. */
const MAX_MESSAGE = 2000

/** A text of at most `max` characters: of a longer one the middle is left out, and its full length stands there. */
export function cut(text: string, max: number = MAX_TEXT): string {
  if (text.length <= max) return text
  const note = `… (${text.length} characters) …`
  const tail = Math.floor((max - note.length) / 4)
  const head = max - note.length - tail
  return text.slice(0, head).replace(/[\uD800-\uDBFF]$/, '') + note + text.slice(-tail).replace(/^[\uDC00-\uDFFF]/, '')
}

/** A value from outside in a few words, whatever it is made of. */
export function show(value: unknown): string {
  try {
    return cut(describe(value))
  } catch {
    return `a ${typeof value}`
  }
}

/** An error whose message, and that of its cause, is cut to 2,000 characters: both may quote what came from outside. */
export function codecError(code: ErrorCode, message: string, thrown?: unknown): SnapstreamError {
  const text = cut(message, MAX_MESSAGE)
  return thrown === undefined
    ? new SnapstreamError(code, text)
    : new SnapstreamError(code, text, { cause: shortened(toError(thrown)) })
}

/** The message of anything thrown, as a part of another message. */
export function messageOf(thrown: unknown): string {
  if (isStackOverflow(thrown)) return 'the nesting is deeper than the stack holds'
  return cut(toError(thrown).message, MAX_MESSAGE / 2)
}

export function isStackOverflow(thrown: unknown): boolean {
  const error = toError(thrown)
  return error instanceof RangeError && error.message.includes('call stack')
}

/** The stack of an error repeats its message. */
function shortened(error: Error): Error {
  return error.message.length <= MAX_MESSAGE ? error : new Error(cut(error.message, MAX_MESSAGE))
}
