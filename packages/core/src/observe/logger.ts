import { describe, isA, reasonOf } from '../describe.ts'
import { expectUsage } from '../error.ts'
import type { Events } from './events.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

/** Where events go as lines: `console`, or what has the same four functions. They get the line and the event. */
export type Logger = { readonly [L in Level]: (line: string, event: unknown) => unknown }

/**
 * How events are logged; the others as `info`, or where they carry an error as `warn`, at the end of the stream as `error`.
 * Without a listener and a logger, events with `warn` here go to the console.
 */
export const LEVELS: { readonly [K in keyof Events]?: Level } = {
  checkpoint: 'debug',
  stall: 'warn',
  late: 'warn',
  moved: 'warn',
}

/** Throws `USAGE` for what is given as a logger and is not one. */
export function checkLogger(logger: Logger | undefined): void {
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    expectUsage(!logger || typeof logger[level] === 'function', `logger.${level}`, 'a function', logger?.[level])
}

/**
 * Writes an event as one line, its name and what is in it, with the event behind it. A checkpoint of nothing
 * is not worth a line.
 */
export function log(
  logger: Logger,
  name: keyof Events,
  event: { readonly error?: unknown; readonly message?: unknown; readonly lanes?: unknown },
): void {
  if (event.lanes === 0) return
  const words = inWords(event)
  const level = LEVELS[name] ?? (!event.error ? 'info' : name.startsWith('stop') ? 'error' : 'warn')
  // The console would print the event twice; only a message that is lost is worth that.
  const rest = logger === console && name !== 'late' ? [] : [event]
  logger[level](`snapstream ${name}${words && `: ${words}`}`, ...(rest as [event: unknown]))
}

/** The defined fields by name. */
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
