import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'

type Options = Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly default?: boolean }>>

/** The values of options: a string, or whether a switch is set. */
export type Values<T extends Options> = {
  readonly [K in keyof T]: T[K] extends { type: 'string' } ? string | undefined : boolean
}

/** Parses a command line. Returns undefined if it asks for help. Throws for an unknown option. */
export function parseCommand<const T extends Options>(
  args: readonly string[],
  options: T,
): { readonly values: Values<T>; readonly positionals: readonly string[] } | undefined {
  const withHelp: Options & ParseArgsConfig['options'] = { ...options, help: { type: 'boolean', short: 'h' } }
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: withHelp })
  return values['help'] === true ? undefined : { values: values as Values<T>, positionals }
}

/** The whole number of an option, or `otherwise` if it is not given. Throws below `least`. @default least 1 */
export function wholeNumber<T>(option: string, text: string | undefined, otherwise: T, least = 1): number | T {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= least) return number
  throw new Error(`${option} takes a whole number from ${least}, got ${text}`)
}

/** The number of an option, or `otherwise` if it is not given. Throws for 0 and below. */
export function numberAbove0(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number
  throw new Error(`${option} takes a number above 0, got ${text}`)
}

export const randomSeed = (): number => Math.floor(Math.random() * 2 ** 31)

/** The item with this name. Throws with the list of all names for an unknown one. */
export function byName<T extends { readonly name: string }>(all: readonly T[], kind: string, name: string): T {
  const found = all.find((one) => one.name === name)
  if (found) return found
  throw new Error(`unknown ${kind} '${name}'; expected one of ${all.map((one) => one.name).join(', ')}`)
}
