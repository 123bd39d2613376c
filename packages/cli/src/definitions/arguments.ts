import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'

/** A whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= min) return number
    throw new InvalidArgumentError(`Expected a whole number of ${min} or more.`)
  }
}

/** A text that is not empty. */
export function notEmpty(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('Expected a text that is not empty.')
}

/** -2: the earliest, -1: the latest, or an offset. */
export function offset(text: string): number {
  const number = Number(text)
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(number) && number >= -2) return number
  throw new InvalidArgumentError(
    'Expected -2 (earliest), -1 (latest) or an offset. --last <count> shows the last records.',
  )
}

export function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u')
  } catch {
    // The flag `u` refuses a lone brace, as in {"n":7}.
  }
  try {
    return new RegExp(text)
  } catch (error) {
    throw new InvalidArgumentError(`Expected a regular expression. ${(error as Error).message}`)
  }
}

export function columns(text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length > 0) return names
  throw new InvalidArgumentError('Expected names separated by commas.')
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `15m`, `2h`, `7d` ago, or a time as `2026-01-31T12:00:00Z`; in ms since the epoch. */
export function since(text: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  const at = count === undefined ? timeOf(text) : Math.round(Date.now() - Number(count) * (UNITS[unit] ?? 0))
  if (Number.isFinite(at)) return Math.max(0, at)
  throw new InvalidArgumentError('Expected a duration before now (90s, 15m, 2h, 7d) or a time (2026-01-31T12:00:00Z).')
}

/** Only texts with year, month and day, as `Date.parse` also takes texts that are no times. */
function timeOf(text: string): number {
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
}

/** For a default command: an excess argument is likely the misspelt name of another command. */
export function refuseExcess(command: Command, parent: Command): void {
  if (command.args.length <= command.registeredArguments.length) return
  const names = parent.commands.map((other) => other.name())
  command.error(
    `error: unknown command ${JSON.stringify(command.args[0])} or too many arguments; the commands of ${parent.name()} are ${names.join(', ')}`,
  )
}

/** Collects the values of a repeatable option. */
export function gather(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}
