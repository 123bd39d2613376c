import { toBase64, toBytesOrNull } from './record-line.ts'
import type { RecordLine } from './record-line.ts'
import { PARTITIONS } from './test-topics.ts'

const KEYS = 60

/** Records with the numbers from `first` as text values. Every number has one of sixty keys, and each key one partition. */
export const keyedLines = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    partition: ((first + i) % KEYS) % PARTITIONS,
    key: toBase64(Buffer.from(`key ${(first + i) % KEYS}`)),
    value: toBase64(Buffer.from(`${first + i}`)),
    headers: [],
    timestamp: 1_700_000_000_000 + i,
  }))

/** The text values of records by key, in their order. */
export function textsByKey(lines: readonly RecordLine[]): Record<string, string[]> {
  const texts: Record<string, string[]> = {}
  for (const { key, value } of lines) (texts[text(key)] ??= []).push(text(value))
  return texts
}

const text = (base64: string | null) => String(Buffer.from(toBytesOrNull(base64) ?? []))
