import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { waitUntil } from '../wait-until.ts'
import { countsIn } from './counts.ts'

interface AuditOptions {
  readonly brokers: string
  readonly input: string
  readonly groupId: string
  readonly partitions: number
  /** The folder of a worker that has ended, or a new one. */
  readonly folder: string
  readonly exactlyOnce: boolean
  readonly signal: AbortSignal
}

/**
 * Reads the store as the only member of the group, after the workers have ended: what the folder lacks is restored from the
 * changelog. Rejects if a message is left, as the counts are not final then.
 */
export async function auditStore(options: AuditOptions): Promise<ReadonlyMap<string, number>> {
  const { brokers, input, groupId, partitions, folder, exactlyOnce, signal } = options
  const counts = countsIn(folder)
  const app = createApp()
  const owned = new Set<unknown>()
  let left = 0
  app.on('assigned', ({ lanes }) => lanes.forEach((lane) => owned.add(lane)))
  app.on('revoked', ({ lanes }) => lanes.forEach((lane) => owned.delete(lane)))
  const conf = { brokers, exactlyOnce, sessionTimeoutMs: 6000 }
  app.snap(Topic(input, { groupId, conf }), { sink: [counts] })(() => void left++)
  const ending = new AbortController()
  let failure: Error | undefined
  const ended = app.stream({}, { signal: ending.signal }).catch((error: Error) => void (failure = error))
  const found = new Map<string, number>()
  try {
    const isOpen = () => owned.size === partitions && app.health().ready && app.health().stores.length === 0
    await waitUntil('the store is restored', () => failure !== undefined || isOpen(), { signal, withinMs: 120_000 })
    if (failure === undefined) for await (const [key, count] of counts.entries()) found.set(key, count)
  } finally {
    ending.abort()
    await ended
  }
  if (failure !== undefined) throw failure
  if (left > 0) throw new Error(`${left} records were left when the store was read`)
  return found
}
