import { describe, SnapstreamError } from '@snapstream/core'
import type { Resource, SinkTarget, Through } from '@snapstream/core'
import type { Input } from '../chain.ts'
import { expectSync, isTombstone, ownTime } from '../message.ts'
import { through } from '../through.ts'
import { checkLookup } from './join-options.ts'

/** The result of `Table` of @snapstream/state: a topic as a map, of which a message reads the part of its partition. */
export interface PartitionTable<K, V> extends SinkTarget<never>, Resource {
  /** The part of the message that is being handled. */
  of(message: unknown): {
    /** The latest value of a key. */
    getSync(key: K): V | undefined
    /** The value that a key had at a time. */
    getAsOf?(key: K, time: number): V | undefined
  }
  /** How long it keeps old values, in ms. Undefined: it has the latest ones only. */
  readonly versionedMs?: number | undefined
}

/** The result of `GlobalTable` of @snapstream/state: all of a topic as a map. */
export interface WholeTable<K, V> extends SinkTarget<never>, Resource {
  /** The latest value of a key. */
  getSync(key: K): V | undefined
}

type AnyTable = PartitionTable<unknown, unknown> | WholeTable<unknown, unknown>

interface Row {
  readonly left: object
  readonly right: unknown
}

/** Whether an argument is a table, and no source. */
export function isTable(value: unknown): value is AnyTable {
  if (typeof value !== 'object' || value === null || '~snapstream.source' in value) return false
  return '~snapstream.sink' in value && ('of' in value || 'getSync' in value)
}

/** A join of a stream with a table; `join` has its types. */
export function joinTable(
  source: Input<object>,
  table: AnyTable,
  options: {
    readonly type?: 'inner' | 'left' | undefined
    readonly key?: ((message: never) => unknown) | undefined
  } = {},
): Through<Row, object> {
  const isGlobal = !('of' in table)
  checkLookup(options, isGlobal)
  const { type = 'inner', key: foreignKey } = options
  const isVersioned = !isGlobal && table.versionedMs !== undefined
  return through<object, Row, object>(source, {
    name: 'join',
    use: [table],
    connect(next, frame) {
      function find(key: unknown, time: number | undefined): unknown {
        if (isGlobal) return table.getSync(key)
        const part = table.of(frame.root)
        return isVersioned && time !== undefined ? part.getAsOf?.(key, time) : part.getSync(key)
      }
      return {
        message(message, timestamp) {
          const time = ownTime(message) ?? timestamp
          const key = foreignKey ? foreignKey(message as never) : ownKey(message)
          if (foreignKey) expectSync(key, 'key of join')
          const isNone = key === null || key === undefined || isTombstone(message)
          const right = isNone ? undefined : find(key, time)
          if ((right !== undefined || type === 'left') && !isTombstone(message))
            next.message({ left: message, right }, next.passed ? time : timestamp)
          else if (time !== undefined) next.passed?.(time)
        },
        passed: next.passed,
        tick: next.tick,
      }
    },
  })
}

function ownKey(message: object): unknown {
  const { key } = message as { readonly key?: unknown }
  if (key !== null && key !== undefined) return key
  throw new SnapstreamError(
    'HANDLER_FAILED',
    `join needs messages with a key, and this one has ${describe(key)}; let onError skip it, or give it a key: bind the topic to another one with keys, or put map(...) before join`,
  )
}
