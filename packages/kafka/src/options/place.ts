import { SnapstreamError, describe } from '@snapstream/core'

/** Whether a value is a whole number. -0 is refused: it could mean the first or the last record. */
export function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && !Object.is(value, -0)
}

export function isTimestamp(value: unknown): value is number | Date {
  const ms = value instanceof Date ? value.getTime() : value
  return Number.isSafeInteger(ms) && (ms as number) >= 0
}

/** A topic, as error messages name it. */
interface NamedTopic {
  readonly name: string
  /** The name of the one topic; undefined if it stands for several. */
  readonly single: string | undefined
}

// Checks of the arguments of `seek`, `slice` and `at`. All of them throw `USAGE`.

export function expectOffset(spec: NamedTopic, what: string, value: unknown): void {
  if (isOffset(value)) return
  const got = Object.is(value, -0) ? '-0, which is neither the first nor the last' : describe(value)
  throw refused(spec, `takes a whole number (negative: from the end) as ${what}, got ${got}`)
}

export function expectPartition(spec: NamedTopic, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw refused(spec, `takes a partition as a number from 0, got ${describe(value)}`)
}

export function expectTopic(spec: NamedTopic, value: unknown): void {
  if (value !== undefined && typeof value !== 'string')
    throw refused(spec, `takes the name of a topic as topic, got ${describe(value)}`)
}

/** Refuses a call that names a partition and does not name one of several topics. */
export function expectOneTopic(spec: NamedTopic, topic: string | undefined): void {
  if (topic === undefined && spec.single === undefined)
    throw refused(spec, `stands for several topics; say which: { topic: 'name', partition: 0 }`)
}

export function expectOptions(spec: NamedTopic, options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw refused(spec, `takes an object of options, got ${describe(options)}`)
  for (const name of Object.keys(options))
    if (!names.includes(name)) throw refused(spec, `takes ${names.join(' and ')} here, got '${name}'`)
}

/** A position to seek: an offset (a negative one counts from the end), an end of the partition, or a timestamp. */
export type SeekTo =
  | number
  | 'earliest'
  | 'latest'
  | {
      /** In ms since the epoch: the first record with this timestamp or a later one, or the end. */
      readonly timestamp: number | Date
    }

export function expectPlace(spec: NamedTopic, to: unknown): void {
  if (typeof to === 'number') expectOffset(spec, 'where to go', to)
  else if (to !== 'earliest' && to !== 'latest' && !isTimestamp((to as { timestamp?: unknown } | null)?.timestamp))
    throw refused(spec, `goes to an offset, 'earliest', 'latest' or { timestamp }, got ${describe(to)}`)
}

function refused({ name }: NamedTopic, what: string): SnapstreamError {
  return new SnapstreamError('USAGE', `Topic(${JSON.stringify(name)}) ${what}`, { topic: name })
}
