import { platformHost } from '@snapstream/core'
import type { Changelog, ChangelogOptions, TableLog, TableSource } from '@snapstream/core/adapter'
import { Topic } from '../topic/topic.ts'

const logOptions = () => ({
  host: platformHost(),
  scope: new Map(),
  signal: new AbortController().signal,
  trouble() {},
  held: () => new Map<number, number>(),
  standby() {},
})

/** Opens the changelog of the store `counts`, in a run of its own unless `scope` is given. */
export async function openChangelog(given: Partial<ChangelogOptions>): Promise<Changelog> {
  return Topic('any')['~snapstream.changelog']({
    ...logOptions(),
    store: 'counts',
    sources: [],
    exactlyOnce: undefined,
    enabled: true,
    replicationFactor: undefined,
    retentionMs: undefined,
    standbys: 0,
    endpoint: undefined,
    held: () => new Map(),
    standby() {},
    ...given,
  })
}

/** Opens the log of a topic as a table. */
export async function openLog(topic: TableSource, sources?: readonly unknown[]): Promise<TableLog> {
  return topic['~snapstream.table']({ ...logOptions(), sources })
}

/** The values of a partition, from an offset or the first one up to the end, and the bounds of the read. */
export async function readLog(
  log: Pick<Changelog, 'read'>,
  partition: number,
  from?: number,
): Promise<{
  readonly records: readonly (string | null)[]
  readonly start: number
  readonly next: number
  readonly end: number
}> {
  const records: (string | null)[] = []
  let [start, next, end] = [0, 0, 0]
  for await (const batch of log.read(partition, { from, follow: false, signal: new AbortController().signal })) {
    for (let i = 0; i < batch.length; i++) {
      const value = batch.value(i)
      records.push(value && Buffer.from(value).toString())
    }
    start = batch.startOffset
    next = batch.nextOffset
    end = batch.endOffset
  }
  return { records, start, next, end }
}
