import { describe, isA, reasonOf } from '../describe.ts'
import { expectUsage } from '../error.ts'
import type { Events } from './events.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

/** The target of event lines: `console`, or an object with the same four functions. A function gets the line and the event. */
export type Logger = { readonly [L in Level]: (line: string, event: unknown) => unknown }

/**
 * The log levels of events. An event that is not listed has the level `info`; with an error it has `warn`, or `error` at the
 * end of the stream. An event with `warn` here goes to the console if it has neither a listener nor a logger.
 */
export const LEVELS: { readonly [K in keyof Events]?: Level } = {
  checkpoint: 'debug',
  stall: 'warn',
  unhandled: 'warn',
  moved: 'warn',
}

/** The least time between two lines about late messages, in ms: each message may be late. */
export const LATE_MS = 1000

/** Throws `USAGE` for a logger that lacks one of the four functions. */
export function checkLogger(logger: Logger | undefined): void {
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    expectUsage(!logger || typeof logger[level] === 'function', `logger.${level}`, 'a function', logger?.[level])
}

/**
 * Writes an event as one line with its name and fields, and passes the event as the second argument. Skips a checkpoint
 * without progress.
 */
export function log(
  logger: Logger,
  name: keyof Events,
  event: { readonly error?: unknown; readonly message?: unknown; readonly lanes?: unknown },
): void {
  if (event.lanes === 0) return
  const words = inWords(event)
  const level = LEVELS[name] ?? (!event.error ? 'info' : name.startsWith('stop') ? 'error' : 'warn')
  // The console would print the fields twice. Only a lost message is worth that.
  const rest = logger === console && name !== 'unhandled' ? [] : [event]
  logger[level](`snapstream ${name}${words && `: ${words}`}`, ...(rest as [event: unknown]))
}

/** The defined fields of an object, each with its name. */
function inWords(event: object): string {
  return Object.entries(event)
    .flatMap(([name, value]) => {
      const words = inBrief(value, name)
      return words ? `${name} ${words}` : []
    })
    .join(', ')
}

function inBrief(value: unknown, name: string): string {
  // A value of the user may be long, and may throw when it is read.
  if (name === 'message' || name === 'key') return describe(value)
  if (isA(value, Error)) return reasonOf(value)
  if (!Array.isArray(value)) return value === undefined ? '' : describe(value)
  return value.map((one) => (one === Object(one) ? `(${inWords(one as object)})` : one)).join(' ')
}
