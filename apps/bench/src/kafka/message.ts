import { VALUE_BYTES } from './settings.ts'

/** The value of a record. */
export interface Message {
  readonly id: number
  readonly text: string
}

/** The content of a topic. */
export interface Shape {
  readonly records: number
  readonly partitions: number
  readonly valueBytes: number
  /** The number of keys. Without it every record has a key of its own. */
  readonly keys?: number
}

/** Record `i` of the topic. Every value has exactly this many bytes of JSON. */
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

/** The handler of the pipeline. */
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
