import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'

type Options = Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly default?: boolean }>>

/** What a command line was given: a string, or whether a switch is set. */
export type Values<T extends Options> = {
  readonly [K in keyof T]: T[K] extends { type: 'string' } ? string | undefined : boolean
}

/** The options and words of a command line, by `parseArgs`. Undefined if it asks for help. Throws for an unknown option. */
export function parseCommand<const T extends Options>(
  args: readonly string[],
  options: T,
): { readonly values: Values<T>; readonly positionals: readonly string[] } | undefined {
  const withHelp: Options & ParseArgsConfig['options'] = { ...options, help: { type: 'boolean', short: 'h' } }
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: withHelp })
  return values['help'] === true ? undefined : { values: values as Values<T>, positionals }
}

/** The whole number that an option was given, or `otherwise` if it was not given. Throws below `least` (1). */
export function wholeNumber<T>(option: string, text: string | undefined, otherwise: T, least = 1): number | T {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= least) return number
  throw new Error(`${option} takes a whole number from ${least}, got ${text}`)
}

/** The number that an option was given, or `otherwise` if it was not given. Throws for 0 and below. */
export function numberAbove0(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number
  throw new Error(`${option} takes a number above 0, got ${text}`)
}

export const randomSeed = (): number => Math.floor(Math.random() * 2 ** 31)

/** The one of this name. Throws with all names if none has it. */
export function byName<T extends { readonly name: string }>(all: readonly T[], kind: string, name: string): T {
  const found = all.find((one) => one.name === name)
  if (found) return found
  throw new Error(`there is no ${kind} '${name}'; there are ${all.map((one) => one.name).join(', ')}`)
}
