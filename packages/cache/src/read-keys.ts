import type { Buffer } from 'node:buffer'
import type { Backend } from './backend.ts'

/** The first keys of a range, `limit` at most. */
export async function readKeys(
  db: Backend,
  range: { readonly gte: Buffer; readonly lt: Buffer },
  limit: number,
): Promise<Buffer[]> {
  return db.keys<Buffer>({ ...range, limit, keyEncoding: 'buffer' }).all()
}
