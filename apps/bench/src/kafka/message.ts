import { VALUE_BYTES } from './settings.ts'

/** What a record's value holds. */
export interface Message {
  readonly id: number
  readonly text: string
}

/** What a topic holds. */
export interface Shape {
  readonly records: number
  readonly partitions: number
  readonly valueBytes: number
  /** How many different keys; each record has one of its own without it. */
  readonly keys?: number
}

/** Record `i` as it is in the topic: each value has exactly so many bytes of JSON. */
export function recordOf(
  i: number,
  { valueBytes = VALUE_BYTES, keys }: Partial<Shape> = {},
): readonly [key: string, value: string] {
  const head = `{"id":${i},"text":"`
  const key = keys === undefined ? String(i) : `k${i % keys}`
  return [key, `${head}${'x'.repeat(valueBytes - 2 - head.length)}"}`]
}

export function* recordsOf(shape: Shape): Generator<readonly [key: string, value: string]> {
  for (let i = 0; i < shape.records; i++) yield recordOf(i, shape)
}

/** What the pipeline does with a message. */
export const transform = ({ id, text }: Message): Message => ({ id, text: text.toUpperCase() })

/** What is known of a key when its messages are counted and their ids added. */
export interface Tally {
  readonly count: number
  readonly sum: number
}

export const tallied = (before: Tally | undefined, { id }: Message): Tally => ({
  count: (before?.count ?? 0) + 1,
  sum: (before?.sum ?? 0) + id,
})
