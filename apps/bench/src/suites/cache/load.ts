import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Outcome } from '../../suite.ts'

/** The number of batches of the entries, and of reads per entry. */
export const BATCHES = 20
export const READINGS = 2
const VALUE_BYTES = 100

export interface CacheInput {
  readonly entries: number
}

export interface Value {
  readonly id: number
  readonly text: string
}

/** Coprime to the number of entries: steps of this size visit every entry once, and not in the order of keys. */
const STEP = 7919

/** The number of the entry that the nth step writes or reads. */
export const shuffled = (n: number, entries: number): number => (n * STEP) % entries

export const keyOf = (id: number): string => `order-${String(id).padStart(8, '0')}`

/** An entry with 100 bytes of JSON. */
export function valueOf(id: number): Value {
  return { id, text: 'x'.repeat(VALUE_BYTES - '{"id":,"text":""}'.length - String(id).length) }
}

/** Runs in a new folder, and removes it afterwards. */
export async function inFolder(run: (folder: string) => Promise<Outcome>): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'snapstream-bench-'))
  try {
    return await run(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes all entries, a batch at a time. */
export async function timeWrites(
  { entries }: CacheInput,
  writeBatch: (ids: readonly number[]) => Promise<void>,
): Promise<Outcome> {
  const batch = Math.ceil(entries / BATCHES)
  const started = performance.now()
  for (let from = 0; from < entries; from += batch) {
    const length = Math.min(batch, entries - from)
    await writeBatch(Array.from({ length }, (_, i) => shuffled(from + i, entries)))
  }
  return { messages: entries, ms: performance.now() - started }
}

/** Reads entries, not in the order of keys. Throws for a wrong entry. */
export function timeReads({ entries }: CacheInput, read: (key: string) => Value | undefined): Outcome {
  const messages = entries * READINGS
  const started = performance.now()
  for (let n = 0; n < messages; n++) {
    const id = shuffled(n % entries, entries)
    if (read(keyOf(id))?.id !== id) throw new Error(`the entry ${id} is not there`)
  }
  return { messages, ms: performance.now() - started }
}
