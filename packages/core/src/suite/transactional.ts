import type {
  Batch,
  BatchSource,
  Checkpoint,
  Events,
  Lane,
  Origin,
  Positions,
  ReaderOptions,
  SinkTarget,
  SinkWriter,
} from '../index.ts'
import { createVirtualHost } from '../testing/index.ts'
import type { VirtualHost } from '../testing/index.ts'
import type { Core } from './core.ts'
import { cursorAt, givesBatch, nextBatch } from './lane-cursor.ts'
import type { LaneCursor } from './lane-cursor.ts'

type Numbers = readonly number[]

interface LogOptions {
  /** The numbers of each lane. */
  readonly lanes: Readonly<Record<string, Numbers>>
  /** Whether it waits for more at the end of its lanes. */
  readonly live?: boolean
  /** The number of messages in a batch. */
  readonly size?: number
}

/** A source whose positions are committed by a sink, and which can be rewound to them. */
export interface TransactionalLog extends BatchSource<number> {
  options: ReaderOptions | undefined
  /** By lane, the position that is committed. */
  readonly committed: Map<Lane, number>
  /** The lanes of each call of `rewind`. */
  readonly rewound: (readonly Lane[])[]
  /** Awaited by `rewind`. */
  onRewind: () => unknown
  /** Takes a lane away. */
  take(lane: string, reason: 'revoked' | 'lost'): Promise<void>
  /** Hands a lane out again. */
  give(lane: string): Promise<void>
}

export function transactionalLog({ lanes, live = true, size = 2 }: LogOptions): TransactionalLog {
  const owned = new Map<string, LaneCursor>()
  let wake = () => {}
  let closed = false
  let rewinding = 0

  async function read(): Promise<Batch<number> | undefined> {
    for (;;) {
      if (closed || log.options?.signal.aborted) return undefined
      let isOver = !live && rewinding === 0
      for (const [lane, cursor] of owned) {
        const entries = lanes[lane] as Numbers
        if (givesBatch(cursor, entries.length))
          return nextBatch({ lane, cursor, entries, size, message: (n) => n, wake: () => wake() })
        if (cursor.next < entries.length) isOver = false
      }
      if (isOver) return undefined
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  const startOf = (lane: string) => log.committed.get(lane) ?? 0
  const start = (lane: string) => owned.set(lane, cursorAt(startOf(lane)))

  const log: TransactionalLog = {
    options: undefined,
    committed: new Map(),
    rewound: [],
    onRewind() {},
    '~snapstream.key': (n) => n % 10,
    async '~snapstream.source'(options) {
      log.options = options
      options.signal.addEventListener('abort', () => wake())
      await options.assigned(Object.keys(lanes))
      for (const lane of Object.keys(lanes)) start(lane)
      return {
        read,
        commit() {
          throw new Error('the sink commits the positions')
        },
        async rewind(ids) {
          log.rewound.push(ids)
          rewinding++
          for (const id of ids) owned.delete(id as string)
          await log.onRewind()
          for (const id of ids) start(id as string)
          rewinding--
          wake()
        },
        caughtUp: (lane, handled) => Number(handled ?? startOf(lane as string)) >= (lanes[lane] as Numbers).length,
        startOf: (lane) => (owned.has(lane as string) ? startOf(lane as string) : undefined),
        close() {
          closed = true
          wake()
        },
      }
    },
    async take(lane, reason) {
      if (reason === 'lost') owned.delete(lane)
      await log.options?.revoked([lane], reason)
      owned.delete(lane)
      wake()
    },
    async give(lane) {
      await log.options?.assigned([lane])
      start(lane)
      wake()
    },
  }
  return log
}

/** A sink that commits its values with the positions of its sources in one transaction. */
export interface TransactionalSink extends SinkTarget<unknown> {
  /** The committed values. */
  readonly committed: unknown[]
  /** The calls of `prepare` (of a sink that flows), `flush` and `abort`. */
  readonly calls: string[]
  /** By the number of the flush, from 1: aborts it. */
  readonly aborts: Map<number, Error>
  /** How long a flush takes, in ms. */
  flushMs: number
}

/** `flows`: the sink takes the values of each message once it counts as handled, so that lanes need not stop for it. */
export type SinkChanges = Partial<SinkWriter<unknown>> & { readonly flows?: boolean }

export function transactionalSink(
  host: VirtualHost,
  logs: readonly TransactionalLog[],
  { flows = false, ...over }: SinkChanges = {},
): TransactionalSink {
  let open: unknown[] = []
  let prepared: { readonly values: readonly unknown[]; readonly positions: Checkpoint['positions'] } | undefined
  const held = new Map<Origin | undefined, unknown[]>()
  const take = (...values: readonly unknown[]) => {
    if (!isFailed) open.push(...values)
  }
  let isFailed = false
  let flushes = 0
  const commit = (values: readonly unknown[], positions: ReadonlyMap<unknown, Positions>) => {
    sink.committed.push(...values)
    for (const log of logs)
      for (const [lane, position] of positions.get(log) ?? []) log.committed.set(lane, position as number)
  }
  const sink: TransactionalSink = {
    committed: [],
    calls: [],
    aborts: new Map(),
    flushMs: 0,
    '~snapstream.sink': () => ({
      atomic: true,
      write(value, origin) {
        if (flows) held.set(origin, [...(held.get(origin) ?? []), value])
        else take(value)
      },
      ...(flows && {
        release(origin: Origin) {
          take(...(held.get(origin) ?? []))
          held.delete(origin)
        },
        undo: (origin: Origin) => void held.delete(origin),
        prepare({ positions }: Checkpoint) {
          sink.calls.push('prepare')
          prepared = { values: open, positions }
          open = []
        },
      }),
      async flush(checkpoint: Checkpoint) {
        sink.calls.push('flush')
        const { values, positions } = prepared ?? { values: open, positions: checkpoint.positions }
        if (!prepared) open = []
        prepared = undefined
        const aborted = sink.aborts.get(++flushes)
        await new Promise<void>((resolve) => host.setTimeout(resolve, sink.flushMs))
        if (!aborted) return commit(values, positions)
        isFailed = true
        return { aborted }
      },
      abort(reason) {
        sink.calls.push(`abort: ${reason.message}`)
        isFailed = false
        open = []
        held.clear()
        prepared = undefined
      },
      ...over,
    }),
  }
  return sink
}

export const LANES: Readonly<Record<'a' | 'b', Numbers>> = { a: [1, 2, 3, 4, 5, 6], b: [11, 12, 13, 14, 15, 16] }
export const all: Numbers = [...LANES.a, ...LANES.b]
export const inOrder = (values: readonly unknown[]): unknown[] => values.toSorted((a, b) => Number(a) - Number(b))

/** An app over a log and a sink, and what is needed to run it on virtual time. */
export function setUpTransaction(
  { createApp }: Core,
  lanes: LogOptions['lanes'] = LANES,
  over: SinkChanges = {},
  live = true,
): {
  readonly host: VirtualHost
  readonly log: TransactionalLog
  readonly sink: TransactionalSink
  readonly app: ReturnType<Core['createApp']>
  /** The events `abort`. */
  readonly aborts: readonly Events['abort'][]
  wait(ms: number): Promise<void>
  at(ms: number, f: () => unknown): void
  /** Runs the app until it ends, or is stopped after `stopMs` (1000). */
  run(stopMs?: number, options?: object): Promise<void>
} {
  const host = createVirtualHost()
  const log = transactionalLog({ lanes, live })
  const sink = transactionalSink(host, [log], over)
  const app = createApp({ host })
  const aborts: Events['abort'][] = []
  app.on('abort', (event) => aborts.push(event))
  return {
    host,
    log,
    sink,
    app,
    aborts,
    wait: (ms) => new Promise<void>((resolve) => host.setTimeout(resolve, ms)),
    at: (ms, f) => void host.setTimeout(() => void f(), ms),
    run(stopMs = 1000, options = {}) {
      const stopping = new AbortController()
      host.setTimeout(() => stopping.abort(), stopMs)
      return host.settle(app.stream({}, { checkpointMs: 35, signal: stopping.signal, ...options }))
    },
  }
}
