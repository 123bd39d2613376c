import { SnapstreamError, type Resource, type SinkOptions, type SinkTarget } from '@snapstream/core'
import { checkProtocol } from './check-protocol.ts'
import { mergeSorted } from './merge-sorted.ts'
import { resolveTableOptions, type TableFolderOptions, type TableTopic } from './table-options.ts'
import type { PartitionReads, TableReads } from './table-reads.ts'
import { openTableRun, type TableRun } from './table-run.ts'
import { untilAborted } from './until-aborted.ts'

/**
 * All of a topic as a map with the latest value of each key, kept up to date while the stream runs. Each process has all of it, so
 * any handler may read any key, whatever the partitions of its own topic.
 */
export interface GlobalTable<K, V> extends SinkTarget<never>, Resource, TableReads<K, V> {}

/**
 * Makes a table of a whole topic, called without `new`. Name it in the `use` of bindings: `stream` then opens it. Before the first
 * message of these bindings is handled, the topic is read to its end. Tombstones remove their key. Records without a key are left
 * out, and reported by the event `trouble`. The partitions are those that the topic has when the stream starts.
 *
 * Throws `USAGE` for a value that is no topic, and for an invalid option.
 *
 * @example
 * const rates = GlobalTable(Topic('rates', { codec: JsonCodec<number>() }))
 * snap(orders, { use: [rates], sink: [out] })((order) => [order.key, order.value.total * (rates.getSync(order.value.currency) ?? 1)])
 */
export function GlobalTable<K, V>(
  topic: TableTopic<K, V>,
  options: TableFolderOptions = {},
): GlobalTable<K, Exclude<V, null>> {
  type Value = Exclude<V, null>
  checkProtocol()
  const resolved = resolveTableOptions('GlobalTable', topic, options)
  const { name } = topic
  const title = `the global table ${JSON.stringify(name)}`
  const runs: TableRun<K, Value>[] = []

  /** The reads of all partitions. That of the key is the first. */
  function readsOf(key: K): readonly PartitionReads<K, Value>[] {
    const { log, parts } = openRun()
    const own = log.partitionOfKey(key)
    const first = parts.open.get(own)
    const others = [...parts.open].flatMap(([partition, { reads }]) => (partition === own ? [] : reads))
    return first === undefined ? others : [first.reads, ...others]
  }

  /** Throws `NOT_OPEN` without a run, and `STORE_UNAVAILABLE` before all partitions are read. */
  function openRun(): TableRun<K, Value> {
    const run = runs.at(-1)
    if (run === undefined)
      throw new SnapstreamError(
        'NOT_OPEN',
        `${title} is not open; name it in the use of a binding, and start the stream`,
      )
    if (run.parts.open.size === run.log.partitions) return run
    throw new SnapstreamError('STORE_UNAVAILABLE', `${title} is not read to its end yet; try again`)
  }

  const table: GlobalTable<K, Value> = {
    async get(key) {
      // Other clients than Kafka's own may put a key into another partition.
      for (const reads of readsOf(key)) {
        const value = await reads.get(key)
        if (value !== undefined) return value
      }
      return undefined
    },
    getSync(key) {
      for (const reads of readsOf(key)) {
        const value = reads.getSync(key)
        if (value !== undefined) return value
      }
      return undefined
    },
    async has(key) {
      for (const reads of readsOf(key)) if (await reads.has(key)) return true
      return false
    },
    async *entries(range = {}) {
      const { parts } = openRun()
      const { reverse = false, limit = -1 } = range
      const sorted = Array.from(parts.open.values(), ({ reads }) => reads.sorted(range))
      yield* mergeSorted(sorted, { reverse, limit: limit < 0 ? Infinity : limit })
    },
    // It is read before the first handler is called.
    open: async () => {},
    close: async () => {},
    async '~snapstream.sink'(sink: SinkOptions) {
      checkProtocol(sink.scope)
      const run = await openTableRun<K, Value>({
        table,
        title,
        id: `global-table/${name}`,
        topic,
        options: resolved,
        sink,
        sources: undefined,
      })
      const { log, parts, state, writer } = run
      const opening = Array.from({ length: log.partitions }, async (_, partition) =>
        parts.acquire(log, `${log.topic}/${partition}`, new AbortController().signal),
      )
      const ready = Promise.all(opening)
      // The lanes that wait for it get its error.
      ready.catch(() => {})
      runs.push(run)
      return {
        ...writer,
        state: { ...state, open: async (_, __, signal) => void (await Promise.race([ready, untilAborted(signal)])) },
        async close() {
          runs.splice(runs.indexOf(run), 1)
          await writer.close()
        },
      }
    },
  }
  return table
}
