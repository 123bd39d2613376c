/** The most characters of a text from outside (a key, a name) that a description takes over. */
const MAX_DESCRIBED = 60
/** The most characters of the message of an error from outside that another error's message takes over. */
const MAX_REASON = 1000
const MAX_CAUSES = 10

/** At most `max` characters of a text; of a longer one the start, and how long it is. */
export function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}… (${text.length} characters)` : text
}

/** The result of a function, or `otherwise` if it throws: for values from outside, which may be anything. */
export function safely<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}

/** Whether a value is an instance of a built-in class, be it that of another realm (a vm context, a worker). */
export function isA<T>(value: unknown, type: new (...args: never) => T): value is T {
  return safely(() => value instanceof type || {}.toString.call(value) === `[object ${type.name}]`, false)
}

/**
 * A value in a few words, for error messages: its type, and its content where that is short. Never throws, whatever the
 * value is, and answers with 400 characters at most.
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

/** Anything that was thrown, as an Error: what is not one, or cannot be read, is wrapped, as its `cause`. Never throws. */
export function toError(thrown: unknown): Error {
  return isA(thrown, Error) && safely(() => typeof thrown.message === 'string', false)
    ? thrown
    : new Error(`${describe(thrown)} was thrown`, { cause: thrown })
}

/** An error of a chain of causes, in text. */
export interface Cause {
  readonly message: string
  /** As errors of Node, of databases and of Snapstream have it. */
  readonly code: string | undefined
  readonly stack: string
}

/**
 * A thrown value and its causes, from the outside in: 10 at most, each once. A value that is not an Error is described.
 * Never throws, whatever the values are, and ends where they cause each other.
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

/** The message of an error, in 1000 characters at most. */
export function reasonOf(error: Error): string {
  return cut(error.message, MAX_REASON) || describe(error)
}
