import { isSecret, reveal, secret } from './secret.ts'
import type { Secret } from './secret.ts'

/** How one setting is called elsewhere, and what it takes. */
export interface Setting<T> {
  /** Its names in Kafka's clients of today, the most usual first. */
  readonly aliases: readonly string[]
  /** Names that Kafka has given up for the first alias. */
  readonly oldNames?: readonly string[]
  /** For error messages: what it takes. */
  readonly expected: string
  /** What came is not to be shown in messages: it is a secret, or may well be one that got to the wrong place. */
  readonly hidden?: true
  /** The value in its one form, or undefined if it is not what the setting takes. */
  parse(value: unknown): T | undefined
  /** What a text means as a value, where it comes from a variable or a file. Default: the text. */
  fromText?(text: string): unknown
}

export function text(...aliases: string[]): Setting<string> {
  return {
    aliases,
    expected: 'a string that is not empty',
    parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  }
}

/** The largest number that a request has room for, and the longest time that a timer of Node has. */
export const INT32_MAX = 2_147_483_647

/** A whole number, up to `INT32_MAX` unless something else is given. */
function whole(min: number, aliases: readonly string[], unit: string, max = INT32_MAX): Setting<number> {
  return {
    aliases,
    expected: `a whole number of ${unit}, ${min} to ${max}`,
    parse: (value) =>
      Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
        ? (value as number)
        : undefined,
    fromText: (given) => (/^\d+$/.test(given) ? Number(given) : given),
  }
}

/** A time in ms, of about 24 days at most. */
export function duration(min: number, ...aliases: string[]): Setting<number> {
  return whole(min, aliases, 'ms')
}

/** A size that a request tells the broker, or that bounds one. */
export function size(...aliases: string[]): Setting<number> {
  return whole(1, aliases, 'bytes')
}

/** A size that stays in this process. */
export function memorySize(...aliases: string[]): Setting<number> {
  return whole(1, aliases, 'bytes', Number.MAX_SAFE_INTEGER)
}

export function oneOf<T>(values: Readonly<Record<string, T>>, ...aliases: string[]): Setting<T> {
  const names = Object.keys(values).map((name) => (Number.isNaN(Number(name)) ? `'${name}'` : name))
  return {
    aliases,
    expected: `one of ${names.join(', ')}`,
    parse: (value) =>
      (typeof value === 'string' || typeof value === 'number') && Object.hasOwn(values, String(value))
        ? values[String(value)]
        : undefined,
  }
}

/** Words that are written large in some clients and small in others. */
export function word<const T extends string>(words: readonly T[], ...aliases: string[]): Setting<T> {
  return {
    aliases,
    expected: `one of ${words.map((name) => `'${name}'`).join(', ')}`,
    parse: (value) =>
      typeof value === 'string' ? words.find((name) => name.toLowerCase() === value.toLowerCase()) : undefined,
  }
}

export function flag(...aliases: string[]): Setting<boolean> {
  return {
    aliases,
    expected: 'true or false',
    parse: (value) => (typeof value === 'boolean' ? value : undefined),
    fromText: textFlag,
  }
}

/** `'true'` and `'false'` in any case; everything else stays what it is. */
export function textFlag(given: string): unknown {
  const flags: Readonly<Record<string, boolean>> = { true: true, false: false }
  return flags[given.toLowerCase()] ?? given
}

export function password(...aliases: string[]): Setting<Secret> {
  return { aliases, expected: 'a string that is not empty', hidden: true, parse: (value) => parseSecret(value, /[^]/) }
}

export function certificates(...aliases: string[]): Setting<string> {
  return {
    aliases,
    expected: 'certificates as PEM text (-----BEGIN CERTIFICATE-----), without a private key',
    hidden: true,
    parse: (value) =>
      typeof value === 'string' && /-----BEGIN [A-Z ]*CERTIFICATE-----/.test(value) && !PRIVATE_KEY.test(value)
        ? value
        : undefined,
    fromText: withLineEnds,
  }
}

export function privateKey(...aliases: string[]): Setting<Secret> {
  return {
    aliases,
    expected: 'a private key as PEM text (-----BEGIN PRIVATE KEY-----)',
    hidden: true,
    parse: (value) => parseSecret(value, PRIVATE_KEY),
    fromText: withLineEnds,
  }
}

export function file(...aliases: string[]): Setting<string> {
  return {
    aliases,
    expected: 'the path of a PEM file, not its text',
    hidden: true,
    parse: (value) => (typeof value === 'string' && value !== '' && !value.includes('-----BEGIN') ? value : undefined),
  }
}

export const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/

function parseSecret(value: unknown, like: RegExp): Secret | undefined {
  if (isSecret(value)) return like.test(reveal(value)) ? value : undefined
  return typeof value === 'string' && like.test(value) ? secret(value) : undefined
}

/** PEM that had to fit into one line. */
function withLineEnds(given: string): string {
  return given.includes('\n') ? given : given.replaceAll(String.raw`\n`, '\n')
}
