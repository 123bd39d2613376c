import type { CacheInput, CacheKey, CacheRange } from '@snapstream/cache'
import { SnapstreamError, describe, type Resource, type SinkOptions, type SinkTarget } from '@snapstream/core'
import { AMBIGUOUS, type Attempt } from '@snapstream/cache/storage'
import type { OperatorAccess, OperatorPart, Resettable } from '@snapstream/core/adapter'
import { checkProtocol } from './check-protocol.ts'
import { findIn, type FindOptions, type Found } from './find.ts'
import { openStoreRun } from './open-store-run.ts'
import { resolveOptions, type StoreOptions } from './options.ts'
import { storeName } from './part.ts'
import { resetStore } from './reset-store.ts'
import { entriesOf } from './store-entries.ts'
import { createStorePart, type StorePart } from './store-part.ts'
import type { StoreRun } from './store-run.ts'

/**
 * A map that is split by partition: each partition of the topics that feed it has a part of its own, which moves with the
 * partition from process to process. A handler reads and writes the part of its message. As a sink it takes `[key, value]`,
 * `[key, value, { ttlMs }]` and `[key, DELETE]`.
 */
export interface Store<K extends CacheKey, V> extends SinkTarget<CacheInput<K, V>>, Resource, Resettable {
  /**
   * The part of the message that is being handled. Throws `USAGE` for any other value, and where two bindings handle the
   * message at once.
   *
   * @example
   * snap(orders, { sink: [counts] })((order) => [order.key, (counts.of(order).getSync(order.key) ?? 0) + 1])
   */
  of(message: unknown): StorePart<K, V>
  /**
   * Looks a key up from outside of handlers: answers with the value if this process has the part of the key, and otherwise with
   * the `endpoint` of the process that has it. It sees the writes whose messages are committed.
   *
   * Rejects with `STORE_UNAVAILABLE` while the part moves between processes or is being restored: try again a moment later.
   * Rejects with `NOT_OPEN` without a stream that runs; with `USAGE` if the other process has no `endpoint`; with
   * `ENCODE_FAILED` if `recordKey` is no key of the topic; and as `get` of a part does.
   *
   * @example
   * const found = await counts.find('ann')
   * if (found.here) console.log(found.value)
   * else console.log(`ask ${found.endpoint}`)
   */
  find(key: K, options?: FindOptions): Promise<Found<V>>
  /**
   * Iterates over the entries of a range, by default all, of the parts that this process has, in the order of their keys. It
   * sees the writes whose messages are committed. A key that several parts have comes once for each. Rejects as `get` of a part
   * does; yields nothing without a stream that runs.
   */
  entries(range?: CacheRange<K>): AsyncIterableIterator<readonly [key: K, value: V]>
  /** The access of operators: windows, joins and others that keep their state in the store. */
  readonly '~snapstream.operator': OperatorAccess<K, V>
}

/**
 * Makes a store, called without `new`. Bind it as a sink, or name it in `use`: `stream` then opens it. The topics of these
 * bindings need a `groupId`; if there are several, all have the same and as many partitions.
 *
 * Throws `USAGE` for an invalid name or option.
 *
 * @param name The name of the store, part of the name of its changelog topic, `<group>-<name>-changelog`: letters, digits,
 *   `.`, `_` and `-`.
 *
 * @example
 * const counts = Store<string, number>('counts')
 */
export function Store<K extends CacheKey = CacheKey, V = unknown>(
  name: string,
  options: StoreOptions<V> = {},
): Store<K, V> {
  checkProtocol()
  if (typeof name !== 'string' || !/^[\w.-]+$/.test(name))
    throw new SnapstreamError(
      'USAGE',
      `the name of a store has letters, digits, ".", "_" and "-", as it is a part of the name of a topic; got ${describe(name)}`,
    )
  const title = storeName(name)
  const resolved = resolveOptions(options, title)
  /** More than one where several streams of a process use the store. */
  const runs: StoreRun<K, V>[] = []

  /** The run that handles a message, and the attempt. Throws `USAGE`. */
  function inFlight<T>(message: unknown, use: (run: StoreRun<K, V>, attempt: Attempt) => T): T {
    for (const run of runs) {
      const attempt = run.attempts.of(message)
      if (attempt === undefined) continue
      if (attempt !== AMBIGUOUS) return use(run, attempt)
      throw new SnapstreamError(
        'USAGE',
        `two bindings that use ${title} handle ${describe(message)} at once, so it cannot tell which one reads and writes; give each a store of its own`,
      )
    }
    throw new SnapstreamError(
      'USAGE',
      `${title}: of() takes the message that is being handled, by a binding that has the store as a sink or in its use; got ${describe(message)}`,
    )
  }

  const store: Store<K, V> = {
    of: (message) => inFlight(message, createStorePart),
    find: (key, options = {}) => findIn(runs, title, key, options),
    entries: (range = {}) =>
      entriesOf(
        runs.flatMap(({ parts }) => [...parts.open.values()]),
        range,
      ),
    // The part of a message is open before its handler is called.
    open: async () => {},
    close: async () => {},
    '~snapstream.operator': {
      title,
      of: (message) => inFlight(message, operate),
      ofLane(_, lane) {
        for (const run of runs) {
          const part = run.partOfLane(lane)
          if (part !== undefined) return part.operator.clock
        }
        return undefined
      },
    },
    '~snapstream.reset': (reset) => resetStore({ name, store, options: resolved, reset }),
    async '~snapstream.sink'(sink: SinkOptions) {
      checkProtocol(sink.scope)
      const run = await openStoreRun<K, V>({ store, name, options: resolved, sink })
      runs.push(run)
      const { writer } = run
      return {
        ...writer,
        async close() {
          runs.splice(runs.indexOf(run), 1)
          await writer.close?.()
        },
      }
    },
  }
  return store
}

/** The part for the step of an operator. */
function operate<K extends CacheKey, V>(run: StoreRun<K, V>, attempt: Attempt): OperatorPart<K, V> {
  run.operated()
  return run.partOf(attempt.origin!).operator.enter(attempt)
}
