import type { Batch, BatchSource, Positions, ReaderOptions, SinkTarget, SinkWriter } from '../index.ts'

/** The calls so far, in order, as short lines. */
export type Log = string[]

export interface FakeLane {
  readonly lane: string
  readonly messages: readonly unknown[]
  /** Indexes of messages that did not decode. */
  readonly broken?: readonly number[]
}

/** A source of lanes, one batch each, that ends after them (or, with `live`, when it is closed); it logs its commits. */
export function fakeSource(
  log: Log,
  lanes: readonly FakeLane[],
  { live = false }: { readonly live?: boolean } = {},
): BatchSource<unknown> & { options: ReaderOptions | undefined } {
  const source = {
    options: undefined as ReaderOptions | undefined,
    '~snapstream.key': (message: unknown) => (message as { key: unknown }).key,
    '~snapstream.source'(options: ReaderOptions) {
      source.options = options
      const left = [...lanes]
      let close = () => {}
      const closed = new Promise<undefined>((resolve) => (close = () => resolve(undefined)))
      return {
        read() {
          const next = left.shift()
          if (next !== undefined) return fakeBatch(log, next)
          return live ? closed : undefined
        },
        commit(positions: Positions) {
          log.push(`commit ${[...positions].map(([lane, position]) => `${lane}=${position}`).join(' ')}`)
        },
        close() {
          log.push('close source')
          close()
        },
      }
    },
  }
  return source
}

function fakeBatch(log: Log, { lane, messages, broken = [] }: FakeLane): Batch<unknown> {
  return {
    lane,
    messages,
    bytes: 0,
    error: (i) => (broken.includes(i) ? new Error(`message ${i} did not decode`) : undefined),
    timestamp: (i) => 1000 + i,
    raw: (i) => ({ topic: 'orders', partition: 3, offset: 40 + i, key: 'k' }),
    position: (n) => n,
    done: (n) => log.push(`done ${lane} ${n}`),
  }
}

/** A sink that logs its calls. */
export function fakeSink(log: Log, overrides: Partial<SinkWriter<unknown>> = {}): SinkTarget<unknown> {
  return {
    '~snapstream.sink': () => ({
      write: (value) => void log.push(`write ${String(value)}`),
      flush: () => void log.push('flush'),
      close: () => void log.push('close sink'),
      ...overrides,
    }),
  }
}
