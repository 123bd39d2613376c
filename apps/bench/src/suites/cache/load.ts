import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const ENTRIES = 200_000
export const BATCH = 10_000
export const READS = 400_000
const VALUE_BYTES = 100

export interface Value {
  readonly id: number
  readonly text: string
}

/** Coprime to the number of entries: by steps of this size every entry comes once, in no order of keys. */
const STEP = 7919

/** The number of the entry that is written or read as the nth. */
const shuffled = (n: number): number => (n * STEP) % ENTRIES

export const keyOf = (id: number): string => `order-${String(id).padStart(8, '0')}`

/** As JSON it has 100 bytes. */
export function valueOf(id: number): Value {
  return { id, text: 'x'.repeat(VALUE_BYTES - '{"id":,"text":""}'.length - String(id).length) }
}

/** Runs in a fresh folder, which goes away again. */
export async function inFolder(run: (folder: string) => Promise<number>): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'snapstream-bench-'))
  try {
    return await run(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes all entries, a batch at a time. Entries per second. */
export async function timeWrites(writeBatch: (ids: readonly number[]) => Promise<void>): Promise<number> {
  const started = performance.now()
  for (let from = 0; from < ENTRIES; from += BATCH)
    await writeBatch(Array.from({ length: BATCH }, (_, i) => shuffled(from + i)))
  return ENTRIES / ((performance.now() - started) / 1000)
}

/** Reads entries in no order of keys. Reads per second. Throws if one is another than it should be. */
export function timeReads(read: (key: string) => Value | undefined): number {
  const started = performance.now()
  for (let n = 0; n < READS; n++) {
    const id = shuffled(n % ENTRIES)
    if (read(keyOf(id))?.id !== id) throw new Error(`the entry ${id} is not there`)
  }
  return READS / ((performance.now() - started) / 1000)
}
