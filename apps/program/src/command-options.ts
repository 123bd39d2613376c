import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'

/** The names of options: those that take a text, and switches. */
export interface OptionNames<T extends string, S extends string> {
  readonly texts?: readonly T[]
  readonly switches?: readonly S[]
}

/** Parses a command line. Returns undefined if it asks for help. Throws for an unknown option. */
export function parseCommand<const T extends string = never, const S extends string = never>(
  args: readonly string[],
  { texts = [], switches = [] }: OptionNames<T, S>,
):
  | { readonly values: Record<T, string | undefined> & Record<S, boolean>; readonly positionals: readonly string[] }
  | undefined {
  const options: ParseArgsConfig['options'] = { help: { type: 'boolean', short: 'h' } }
  for (const name of texts) options[name] = { type: 'string' }
  for (const name of switches) options[name] = { type: 'boolean', default: false }
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options })
  if (values['help'] === true) return undefined
  return { values: values as Record<T, string | undefined> & Record<S, boolean>, positionals }
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
