import { describe, expectUsage, isA } from './error.ts'
import type { Events } from './events.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

/** Where events go as lines: `console`, or what has the same four functions. They get the line and the event. */
export type Logger = { readonly [L in Level]: (line: string, event: unknown) => unknown }

/**
 * How events are logged; the others as `info`, or where they carry an error as `warn`, at the end of the stream as `error`.
 * What is `warn` here would be lost in silence if nobody listened.
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

/** Writes an event as one line, its name and what is in it, with the event behind it. */
export function log(logger: Logger, name: keyof Events, event: { readonly error?: unknown }): void {
  const words = inWords(event)
  logger[LEVELS[name] ?? (!event.error ? 'info' : name.startsWith('stop') ? 'error' : 'warn')](
    `snapstream ${name}${words && `: ${words}`}`,
    event,
  )
}

/** What is there, by name. What people made themselves, messages and keys, may be long. */
function inWords(event: object): string {
  return Object.entries(event)
    .filter(([, value]) => value !== undefined && (value as unknown[]).length !== 0)
    .map(([name, value]) => `${name} ${inBrief(value, name)}`)
    .join(', ')
}

function inBrief(value: unknown, name: string): string {
  if (isA(value, Error)) return value.message
  if (!Array.isArray(value) || name === 'message') return describe(value)
  return value.map((one) => (one === Object(one) ? `(${inWords(one as object)})` : one)).join(' ')
}
