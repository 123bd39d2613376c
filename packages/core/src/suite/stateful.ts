import type {
  Checkpoint,
  Lane,
  LaneState,
  Origin,
  RestoreProgress,
  SinkOptions,
  SinkTarget,
  SinkWriter,
} from '../index.ts'
import { transactionalLog } from './transactional.ts'
import type { TransactionalLog } from './transactional.ts'

/** A source of lanes that acknowledges positions by itself. */
export function laneLog(lanes: Readonly<Record<string, readonly number[]>>, calls: string[] = []): TransactionalLog {
  const log = transactionalLog({ lanes })
  const open = log['~snapstream.source']
  return Object.assign(log, {
    async '~snapstream.source'(options: Parameters<typeof open>[0]) {
      return {
        ...(await open(options)),
        commit(positions: ReadonlyMap<Lane, unknown>) {
          for (const [lane, position] of positions) {
            log.committed.set(lane, position as number)
            calls.push(`position ${lane}=${String(position)}`)
          }
        },
      }
    },
  })
}

/** A sink with state that notes its calls. */
export interface StatefulSink extends SinkTarget<unknown> {
  /** The calls of the state, and the values. */
  readonly calls: string[]
  /** The lanes that are open. */
  readonly opened: Set<Lane>
  /** The sources of the lanes that it was asked to open. */
  readonly sources: Set<unknown>
  /** The options of the sink. */
  options: SinkOptions | undefined
  /** The restores in progress. */
  restoring: readonly RestoreProgress[]
  /** Awaited by `open`. */
  onOpen: (lane: Lane, signal: AbortSignal) => unknown
  /** The answer of `release`. */
  onRelease: (message: unknown) => void | PromiseLike<void>
  /** Hands a tick to a lane of its only source. */
  tick(lane: Lane, message: object): boolean
}

/** `calls`: the list of calls, if others write to it as well. */
export function statefulSink(
  changes: Partial<SinkWriter<unknown>> & Pick<LaneState, 'readOnly' | 'volatile' | 'turn'> = {},
  calls: string[] = [],
): StatefulSink {
  const { readOnly = false, volatile = false, turn, ...over } = changes
  const noted =
    (name: string) =>
    ({ message }: Origin) =>
      void calls.push(`${name} ${String(message)}`)
  const ofCheckpoint =
    (name: string) =>
    ({ positions }: Checkpoint) =>
      void (positions.size > 0 && calls.push(name))
  const state: LaneState = {
    async open(source, lane, signal) {
      sink.sources.add(source)
      calls.push(`open ${lane}`)
      await sink.onOpen(lane, signal)
      sink.opened.add(lane)
    },
    close(_, lane, reason) {
      sink.opened.delete(lane)
      calls.push(`close ${lane} ${reason}`)
    },
    begin: noted('begin'),
    undo: noted('undo'),
    release(origin) {
      noted('release')(origin)
      return sink.onRelease(origin.message)
    },
    prepare: ofCheckpoint('prepare'),
    commit: ofCheckpoint('commit'),
    abort: () => void calls.push('abort'),
    restoring: () => sink.restoring,
    readOnly,
    volatile,
    ...(turn && { turn }),
  }
  const sink: StatefulSink = {
    calls,
    opened: new Set(),
    sources: new Set(),
    options: undefined,
    restoring: [],
    onOpen() {},
    onRelease() {},
    tick: (lane, message) => !!sink.options?.tick?.(sink.options.sources[0], lane, message),
    '~snapstream.sink'(options) {
      sink.options = options
      return { write: (value) => void calls.push(`write ${String(value)}`), flush() {}, state, ...over }
    },
  }
  return sink
}
