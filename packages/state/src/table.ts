import { AMBIGUOUS, createAttempts, type Attempt, type Attempts } from '@snapstream/cache/storage'
import {
  SnapstreamError,
  describe,
  type Origin,
  type Resource,
  type SinkOptions,
  type SinkTarget,
} from '@snapstream/core'
import { checkProtocol } from './check-protocol.ts'
import { resolveTableOptions, type TableOptions, type TableTopic } from './table-options.ts'
import type { TablePart } from './table-part.ts'
import type { TablePartReads } from './table-reads.ts'
import { openTableRun } from './table-run.ts'

/**
 * A topic as a map with the latest value of each key, kept up to date while the stream runs. A handler reads the part of its
 * message: the partition of the topic with the number of the message's partition. So both topics need the same number of
 * partitions and the same keys.
 */
export interface Table<K, V> extends SinkTarget<never>, Resource {
  /**
   * The part of the message that is being handled. Throws `USAGE` for any other value.
   *
   * @example
   * snap(orders, { use: [customers], sink: [out] })((order) => [order.key, customers.of(order).getSync(order.key)?.name])
   */
  of(message: unknown): TablePartReads<K, V>
  /** For how long it keeps old values, in ms, as its options say. Undefined: it has the latest ones only. */
  readonly versionedMs: number | undefined
}

interface Run<K, V> {
  readonly attempts: Attempts
  partOf(origin: Origin): TablePart<K, V> | undefined
}

/**
 * Makes a table of the partitions that this process reads, called without `new`. Name it in the `use` of bindings: `stream` then
 * opens it. Before the first message of a partition is handled, that partition of the table is read to its end. Tombstones remove
 * their key. Records without a key are left out, and reported by the event `trouble`.
 *
 * Throws `USAGE` for a value that is no topic, and for an invalid option. `stream` rejects with `USAGE` if the topics have
 * different numbers of partitions.
 *
 * @example
 * const customers = Table(Topic('customers', { codec: JsonCodec<Customer>() }))
 */
export function Table<K, V>(topic: TableTopic<K, V>, options: TableOptions = {}): Table<K, Exclude<V, null>> {
  checkProtocol()
  const resolved = resolveTableOptions('Table', topic, options)
  const { name } = topic
  const title = `the table ${JSON.stringify(name)}`
  /** More than one where several streams of a process use the table. */
  const runs: Run<K, Exclude<V, null>>[] = []

  const table: Table<K, Exclude<V, null>> = {
    versionedMs: resolved.versionedMs,
    of(message) {
      for (const { attempts, partOf } of runs) {
        const attempt = attemptAt(attempts, message)
        const part = attempt && partOf(attempt.origin!)
        if (part !== undefined) return part.reads
      }
      throw new SnapstreamError(
        'USAGE',
        `${title}: of() takes the message that is being handled, by a binding that has the table in its use; got ${describe(message)}`,
      )
    },
    // The part of a message is open before its handler is called.
    open: async () => {},
    close: async () => {},
    async '~snapstream.sink'(sink: SinkOptions) {
      checkProtocol(sink.scope)
      const { sources } = sink
      // A table with versions does not use entries that were stored without them.
      const id = resolved.versionedMs === undefined ? `table/${name}` : `versioned-table/${name}`
      const { parts, state, writer } = await openTableRun<K, Exclude<V, null>>({
        table,
        title,
        id,
        topic,
        options: resolved,
        sink,
        sources,
      })
      const attempts = createAttempts()
      const run: Run<K, Exclude<V, null>> = { attempts, partOf: ({ lane }) => parts.ofLane(lane) }
      runs.push(run)
      return {
        ...writer,
        state: {
          ...state,
          open: parts.acquire,
          close(source, lane) {
            for (const attempt of attempts.inFlight(lane)) attempts.end(attempt)
            parts.release(source, lane)
          },
          begin: (origin) => void attempts.begin(origin),
          release(origin) {
            const attempt = attempts.from(origin)
            if (attempt !== undefined) attempts.end(attempt)
          },
          abort() {
            for (const attempt of attempts.inFlight()) attempts.end(attempt)
          },
        },
        async close() {
          runs.splice(runs.indexOf(run), 1)
          await writer.close()
        },
      }
    },
  }
  return table
}

/** If several bindings handle the message at once, any of the attempts: its partition is the same for all of them. */
function attemptAt(attempts: Attempts, message: unknown): Attempt | undefined {
  const attempt = attempts.of(message)
  return attempt === AMBIGUOUS ? attempts.inFlight().find((one) => one.message === message) : attempt
}
