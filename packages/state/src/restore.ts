import { SnapstreamError } from '@snapstream/core'
import type { Changelog } from '@snapstream/core/adapter'
import { backendError } from '@snapstream/cache/storage'
import { readPosition, removePosition, type PartPosition } from './part-position.ts'
import { createPartWriter, type WrittenPart } from './part-writer.ts'
import type { Progress } from './progress.ts'
import type { StateDatabase } from './state-database.ts'

export interface RestoreOptions {
  readonly database: StateDatabase
  readonly part: WrittenPart & { readonly partition: number }
  readonly changelog: Pick<Changelog, 'id' | 'topic' | 'read'>
  /** Aborted when the part is given up. */
  readonly signal: AbortSignal
  readonly progress: Progress
  /** Reports that a part is rebuilt. */
  trouble(error: Error): void
}

/**
 * Brings a part on disk up to the end of its changelog. Resolves with its position; undefined if the changelog has no record. A
 * part that cannot go on from its position is emptied and read from the first record. Rejects with `CACHE_FAILED`,
 * `CACHE_CORRUPT` and with errors of the changelog.
 */
export async function restorePart(options: RestoreOptions): Promise<PartPosition | undefined> {
  const { database, part, changelog, signal, trouble } = options
  try {
    return await catchUp(options)
  } catch (error) {
    const reason = signal.aborted ? undefined : reasonToRebuild(error)
    if (reason === undefined) throw error
    const { topic } = changelog
    const message = `${part.name} is rebuilt from the first record of its changelog ${topic}: ${reason}`
    trouble(new SnapstreamError('OFFSET_OUT_OF_RANGE', message, { topic, partition: part.partition, cause: error }))
  }
  await emptyPart(database, part)
  return readChangelog(options, undefined)
}

async function catchUp(options: RestoreOptions): Promise<PartPosition | undefined> {
  const { database, part, changelog } = options
  const position = await readPosition(database.opened(), part.space, part.name)
  if (position !== undefined && position.log !== changelog.id) throw new OtherLog()
  // Without a position, entries may be left of a restore that did not end.
  if (position === undefined) await emptyPart(database, part)
  return readChangelog(options, position)
}

/** The part was written from another topic of the same name. */
class OtherLog extends Error {}

/** Deletions behind the part may be missing in the changelog. */
class Outdated extends Error {}

/** Kafka keeps a deletion for a day (`delete.retention.ms`) before compaction removes it; an hour less, as clocks differ. */
const MAX_AWAY_MS = 23 * 3_600_000

function reasonToRebuild(error: unknown): string | undefined {
  if (error instanceof OtherLog) return 'the topic was deleted and created again since the part was written'
  if (error instanceof Outdated)
    return 'it was last written more than 23 hours ago, and the topic keeps deletions for 24 hours only'
  if (!SnapstreamError.is(error)) return undefined
  if (error.code === 'OFFSET_OUT_OF_RANGE')
    return `the topic does not have the records behind the part any more (${error.message})`
  return error.code === 'CACHE_CORRUPT' ? error.message : undefined
}

async function readChangelog(
  { database, part, changelog, signal, progress }: RestoreOptions,
  start: PartPosition | undefined,
): Promise<PartPosition | undefined> {
  await part.retention.load(database.opened())
  const writer = createPartWriter(database, part, changelog.id, start)
  const from = start?.offset
  let first = from
  const isOutdated = start?.at !== undefined && database.now() - start.at > MAX_AWAY_MS
  try {
    for await (const batch of changelog.read(part.partition, { from, follow: false, signal })) {
      if (isOutdated && batch.endOffset > from!) throw new Outdated()
      first ??= batch.startOffset
      await writer.add(batch)
      if (batch.endOffset > first) progress.update(part.partition, batch.nextOffset - first, batch.endOffset - first)
      if (signal.aborted) break
    }
  } finally {
    // What was read before an error need not be read again.
    await writer.flush(!signal.aborted)
    progress.end(part.partition)
  }
  return writer.position
}

/** Removes the entries of a part. The position goes first: a part without one is not used. */
async function emptyPart(database: StateDatabase, { name, space }: Pick<WrittenPart, 'name' | 'space'>): Promise<void> {
  const db = database.opened()
  const start = space.under(0)
  const end = space.under(0xff)
  try {
    await removePosition(db, space)
    await db.clear<Buffer>({ gte: start, lt: end, keyEncoding: 'buffer' })
  } catch (error) {
    throw backendError(error, name, 'removing its entries')
  }
}
