import { describe, SnapstreamError } from '@snapstream/core'
import { partitionOfLane } from '@snapstream/core/adapter'
import type { Lane, LaneState, Origin } from '@snapstream/core'
import type { OperatorKey, OperatorStore } from '@snapstream/core/adapter'
import { checkProtocol } from '../check-protocol.ts'
import { createMemoryPart } from './memory-part.ts'
import type { MemoryPart } from './memory-part.ts'

/** The parts of a run of a stream. */
interface MemoryRun<K extends OperatorKey, V> {
  readonly state: LaneState
  partOf(message: unknown): MemoryPart<K, V> | undefined
  ofLane(lane: Lane): MemoryPart<K, V> | undefined
}

/**
 * Makes a store in memory, for an operator without one: its parts are empty when a lane opens, and gone when it closes. Writes are
 * undone with their message, and with a transaction.
 */
export function createMemoryStore<K extends OperatorKey, V>(operator: string): OperatorStore<K, V> {
  const title = `the memory of ${operator}`
  const runs: MemoryRun<K, V>[] = []
  return {
    open: async () => {},
    close: async () => {},
    '~snapstream.operator': {
      title,
      of(message) {
        for (const run of runs) {
          const part = run.partOf(message)
          if (part) return part
        }
        throw new SnapstreamError(
          'USAGE',
          `${title} has no part for ${describe(message)}, which is not being handled; bind ${operator} with snap`,
        )
      },
      ofLane: (_source, lane) => {
        for (const run of runs) {
          const part = run.ofLane(lane)
          if (part) return part
        }
        return undefined
      },
    },
    '~snapstream.sink'({ scope }) {
      checkProtocol(scope)
      const run = createMemoryRun<K, V>(operator)
      runs.push(run)
      return {
        write() {},
        flush() {},
        state: run.state,
        close: () => void runs.splice(runs.indexOf(run), 1),
      }
    },
  }
}

function createMemoryRun<K extends OperatorKey, V>(operator: string): MemoryRun<K, V> {
  const parts = new Map<number, { readonly part: MemoryPart<K, V>; lanes: number }>()
  const ofLane = new Map<Lane, { readonly part: MemoryPart<K, V>; lanes: number }>()
  /** The messages in flight, the latest last. */
  let inFlight: { readonly origin: Origin; readonly message: unknown }[] = []

  /** A value that nobody else can change. */
  function copy(value: V): V {
    if (typeof value !== 'object' || value === null) return value
    try {
      return structuredClone(value)
    } catch (cause) {
      throw new SnapstreamError(
        'ENCODE_FAILED',
        `${operator} cannot keep ${describe(value)} in memory, as it cannot be copied; keep plain data`,
        { cause },
      )
    }
  }

  function end(origin: Origin): void {
    inFlight = inFlight.filter((one) => one.origin !== origin)
  }

  const state: LaneState = {
    open(_source, lane) {
      const partition = partitionOfLane(lane)
      const open = parts.get(partition) ?? { part: createMemoryPart<K, V>(partition, NOBODY, copy), lanes: 0 }
      open.lanes++
      parts.set(partition, open)
      ofLane.set(lane, open)
    },
    close(_source, lane) {
      const open = ofLane.get(lane)
      if (open === undefined) return
      for (const { origin } of inFlight)
        if (origin.lane === lane) {
          open.part.journal.undo(origin)
          end(origin)
        }
      if (--open.lanes > 0) return
      parts.delete(open.part.partition)
      for (const [other, { part }] of ofLane) if (part === open.part) ofLane.delete(other)
    },
    begin(origin) {
      end(origin)
      ofLane.get(origin.lane)?.part.journal.undo(origin)
      inFlight.push({ origin, message: origin.message })
    },
    undo: (origin) => ofLane.get(origin.lane)?.part.journal.undo(origin),
    release(origin) {
      end(origin)
      ofLane.get(origin.lane)?.part.release(origin)
    },
    prepare() {
      for (const { part } of parts.values()) part.journal.prepare()
    },
    commit() {
      for (const { part } of parts.values()) part.journal.commit()
    },
    abort() {
      inFlight = []
      for (const { part } of parts.values()) part.abort()
    },
    restoring: () => [],
    volatile: true,
  }

  return {
    state,
    partOf(message) {
      // The message that began last comes first: the same value may be in flight twice.
      for (let i = inFlight.length - 1; i >= 0; i--) {
        const { origin, message: own } = inFlight[i]!
        if (!Object.is(own, message)) continue
        const part = ofLane.get(origin.lane)?.part
        if (part) part.by = origin
        return part
      }
      return undefined
    },
    ofLane: (lane) => ofLane.get(lane)?.part,
  }
}

/** Nothing is written before a message begins. */
const NOBODY: Origin = { message: undefined, source: undefined, lane: 0, timestamp: undefined, headers: undefined }
