import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'

/** A whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= min) return number
    throw new InvalidArgumentError(`It takes a whole number of ${min} or more.`)
  }
}

/** A text that is not empty. */
export function notEmpty(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('It takes a text that is not empty.')
}

/** -2: the first there is, -1: behind the last, or an offset. */
export function offset(text: string): number {
  const number = Number(text)
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(number) && number >= -2) return number
  throw new InvalidArgumentError(
    'It takes -2 (earliest), -1 (latest) or an offset; for so many records before the end there is --last.',
  )
}

export function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u')
  } catch {
    // A lone brace, as in {"n":7}, is not strict enough for whole characters.
  }
  try {
    return new RegExp(text)
  } catch (error) {
    throw new InvalidArgumentError(`It takes a regular expression. ${(error as Error).message}`)
  }
}

export function columns(text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length > 0) return names
  throw new InvalidArgumentError('It takes names separated by commas.')
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `15m`, `2h`, `7d` ago, or a time as `2026-01-31T12:00:00Z`; in ms since the epoch. */
export function since(text: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  const at = count === undefined ? timeOf(text) : Math.round(Date.now() - Number(count) * (UNITS[unit] ?? 0))
  if (Number.isFinite(at)) return Math.max(0, at)
  throw new InvalidArgumentError('It takes how long ago (90s, 15m, 2h, 7d) or a time (2026-01-31T12:00:00Z).')
}

/** Only what says year, month and day: `Date.parse` takes all sorts of things for a time. */
function timeOf(text: string): number {
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
}

/** For the command that is meant where none is named: what is too much is more likely another command, misspelt. */
export function refuseExcess(command: Command, parent: Command): void {
  if (command.args.length <= command.registeredArguments.length) return
  const names = parent.commands.map((other) => other.name())
  command.error(
    `error: ${parent.name()} has no command ${JSON.stringify(command.args[0])}, or too many arguments; it has ${names.join(', ')}`,
  )
}

/** Gathers an option that may be given several times. */
export function gather(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}
