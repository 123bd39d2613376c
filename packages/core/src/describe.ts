/** The limit for a text from outside (a key, a name) in a description, in characters. */
const MAX_DESCRIBED = 60
/** The limit for the message of an error from outside that another error's message quotes, in characters. */
const MAX_REASON = 1000
const MAX_CAUSES = 10

/** Cuts a text after `max` characters, and then appends the length of the whole text. */
export function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}… (${text.length} characters)` : text
}

/** The result of a function, or `otherwise` if it throws: for values from outside, which may throw when they are read. */
export function safely<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}

/** Whether a value is an instance of a built-in class of this or another realm (a vm context, a worker). */
export function isA<T>(value: unknown, type: new (...args: never) => T): value is T {
  return safely(() => value instanceof type || {}.toString.call(value) === `[object ${type.name}]`, false)
}

/**
 * Describes a value for an error message: its type, and its content if that is short. Returns at most 400 characters. Never
 * throws.
 */
export function describe(value: unknown): string {
  return safely(() => {
    if (typeof value === 'string') return JSON.stringify(cut(value, MAX_DESCRIBED))
    if (Array.isArray(value)) return `an array of ${value.length}`
    if (value !== Object(value)) return cut(`${String(value)}${typeof value === 'bigint' ? 'n' : ''}`, MAX_DESCRIBED)
    const { name } = (value as object).constructor ?? Object
    return name === 'Object'
      ? `an object with ${
          cut(
            Object.keys(value as object)
              .slice(0, 5)
              .join(', '),
            MAX_DESCRIBED,
          ) || 'no fields'
        }`
      : `a ${cut(name, MAX_DESCRIBED)}`
  }, 'a value that throws')
}

/**
 * Turns any thrown value into an Error. A value that is not an Error, or whose message cannot be read, becomes the `cause` of
 * a new Error. Never throws.
 */
export function toError(thrown: unknown): Error {
  return isA(thrown, Error) && safely(() => typeof thrown.message === 'string', false)
    ? thrown
    : new Error(`${describe(thrown)} was thrown`, { cause: thrown })
}

/** One error of a chain of causes, as text. */
export interface Cause {
  /** The message of the error, or a description of a thrown value that is not an Error. */
  readonly message: string
  /** The `code` of the error, if it is a string: errors of Node, databases and Snapstream have one. */
  readonly code: string | undefined
  /** The stack trace, or the message if there is no stack trace. */
  readonly stack: string
}

/**
 * Lists a thrown value and its causes, the outermost first: at most 10, each once. A value that is not an Error is described.
 * A chain that leads back to an earlier error ends there. Never throws.
 */
export function causesOf(thrown: unknown): readonly [Cause, ...Cause[]] {
  const causes: [Cause, ...Cause[]] = [looksOf(thrown)]
  const seen = [thrown]
  for (
    let at = fieldOf(thrown, 'cause');
    at !== undefined && at !== null && !seen.includes(at) && seen.length < MAX_CAUSES;
    at = fieldOf(at, 'cause')
  ) {
    seen.push(at)
    causes.push(looksOf(at))
  }
  return causes
}

function looksOf(thrown: unknown): Cause {
  const error = toError(thrown)
  const message = textOf(error, 'message') ?? describe(thrown)
  return { message, code: textOf(thrown, 'code'), stack: textOf(error, 'stack') ?? message }
}

function textOf(value: unknown, field: string): string | undefined {
  const text = fieldOf(value, field)
  return typeof text === 'string' ? text : undefined
}

const fieldOf = (value: unknown, field: string): unknown =>
  safely(() => (value as Record<string, unknown> | null | undefined)?.[field], undefined)

/** The message of an error, cut after 1000 characters; a description of an error without a message. */
export function reasonOf(error: Error): string {
  return cut(error.message, MAX_REASON) || describe(error)
}
