import { backoff } from '../adapter/backoff.ts'
import { createCondition } from '../adapter/condition.ts'
import { isThenable } from '../adapter/thenable.ts'
import { deferred } from '../adapter/deferred.ts'
import type { Deferred } from '../adapter/deferred.ts'
import { expectNumber, expectUsage, failure, SnapstreamError, withDefaults } from '../error.ts'
import type { SinkOptions, SinkTarget, SinkWriter } from '../protocol.ts'

export interface BatchOptions {
  /** The most values in one call, a whole number of at least 1. @default 1000 */
  readonly maxCount?: number
  /**
   * How long a value may wait for others in ms, at least 1. A checkpoint (`checkpointMs`) ends every wait.
   *
   * @default until the checkpoint
   */
  readonly maxMs?: number
  /** How often to call again with the same values when a call failed, at least 0. @default 0 */
  readonly retries?: number
  /**
   * The wait before the first retry in ms, at least 0; it doubles each time, up to 30 s. Of each wait a random half to all
   * is taken. @default 100
   */
  readonly backoffMs?: number
}

/** What the function gets beside the values. */
export interface BatchContext {
  /** Aborted when the time for a graceful end (`shutdownMs`) is over. Pass it to whatever may hang. */
  readonly signal: AbortSignal
}

/** `BatchOptions`, with their defaults. */
type BatchLimits = Required<BatchOptions>

const DEFAULTS: BatchLimits = { maxCount: 1000, maxMs: Infinity, retries: 0, backoffMs: 100 }

/**
 * A sink for bulk writes, to a database or over HTTP: gathers values and calls a function with many at once. It is called
 * in the order of the values, once at a time: with `maxCount` of them, when the oldest has waited for `maxMs`, and at
 * every checkpoint and at the end with what there is. While it is under way the next values gather; when those are
 * `maxCount` too, whoever writes waits.
 *
 * A call that throws or rejects, after its retries, is the failure of the sink: the stream stops at its next checkpoint,
 * rejects with `SINK_FAILED`, and acknowledges nothing that came after the last one. Throws `USAGE`.
 *
 * @example
 * const rows = batch((rows: Row[]) => db.insert(rows), { maxCount: 500, maxMs: 200, retries: 3 })
 * snap(orders, { sink: [rows] })(({ key, value }) => ({ id: key, total: value.total }))
 */
export function batch<T>(
  fn: (values: T[], context: BatchContext) => unknown,
  options: BatchOptions = {},
): SinkTarget<T> {
  expectUsage(typeof fn === 'function', 'what batch calls', 'a function', fn)
  const limits = withDefaults(DEFAULTS, options, 'batch')
  const { maxCount, maxMs, retries, backoffMs } = limits
  expectNumber(maxCount, 'maxCount of batch', 1, 'whole ')
  if (maxMs !== Infinity) expectNumber(maxMs, 'maxMs of batch', 1)
  expectNumber(retries, 'retries of batch', 0, 'whole ')
  expectNumber(backoffMs, 'backoffMs of batch', 0)
  return { '~snapstream.sink': (options) => batchWriter(fn, limits, options) }
}

/** How long writers are held up for the checkpoint that tells of a failure. Without an end one might wait for the other. */
const MAX_HOLD_MS = 10_000

/** Values that are written in one call. */
interface Gathered<T> {
  readonly values: T[]
  /** When the oldest came, by the monotonic clock. */
  readonly since: number
}

/** The function in one run. */
function batchWriter<T>(
  fn: (values: T[], context: BatchContext) => unknown,
  { maxCount, maxMs, retries, backoffMs }: BatchLimits,
  { signal, host }: SinkOptions,
): SinkWriter<T> {
  /** In order. All but the last are full, and none is being written. */
  const waiting: Gathered<T>[] = []
  const context: BatchContext = { signal }
  let taken = 0
  let written = 0
  /** Up to here a checkpoint waits. */
  let wanted = 0
  /** The call that is under way, with its retries. Never rejects. */
  let calling: Promise<void> | undefined
  let failed: Error | undefined
  /** Why the last call has to be made again. */
  let cause: unknown
  let closed = false
  let cancelTimer: (() => void) | undefined
  let cancelHold = () => {}
  /** Of what is written, of a failure, of the end. */
  const changed = createCondition()
  /** After a failure: what is written now is for nothing, until the checkpoint has told. */
  let held: Deferred<void> | undefined

  function isDue({ values, since }: Gathered<T>): boolean {
    return values.length >= maxCount || wanted > written || host.monotonic() - since >= maxMs
  }

  function pump(): void {
    for (let first = waiting[0]; first && !calling && !failed && !closed; first = waiting[0]) {
      if (!isDue(first)) {
        arm(first)
        return
      }
      waiting.shift()
      call(first.values)
    }
  }

  /** One timer at most: it asks what is due now, and is set again for what is not. */
  function arm({ since }: Gathered<T>): void {
    if (cancelTimer || maxMs === Infinity) return
    const leftMs = Math.max(1, since + maxMs - host.monotonic())
    cancelTimer = host.setTimeout(() => {
      cancelTimer = undefined
      pump()
    }, leftMs)
  }

  function call(values: T[]): void {
    let pending: unknown
    try {
      pending = attempt(values)
    } catch (thrown) {
      pending = Promise.reject(thrown)
    }
    if (!isThenable(pending)) {
      written += values.length
      changed.notify()
      return
    }
    calling = finish(pending, values).then(() => {
      calling = undefined
      pump()
      changed.notify()
    })
  }

  /** Whoever takes the array apart must not take it from the next try. */
  const attempt = (values: T[]) => fn(retries > 0 ? [...values] : values, context)

  async function finish(first: PromiseLike<unknown>, values: T[]): Promise<void> {
    let pending: unknown = first
    for (let tries = 1; ; tries++) {
      try {
        await pending
        written += values.length
        return
      } catch (thrown) {
        cause = thrown
        if (tries > retries || (await isOver(backoff(tries, { firstMs: backoffMs, host })))) {
          fail(failure('SINK_FAILED', `batch(${fn.name}) with ${values.length} values`, thrown))
          return
        }
      }
      pending = (async () => attempt(values))()
    }
  }

  /** Waits; true as soon as there is no more time for another try. */
  async function isOver(ms: number): Promise<boolean> {
    let late = false
    const cancel = host.setTimeout(() => {
      late = true
      changed.notify()
    }, ms)
    await changed.until(() => late || signal.aborted || closed)
    cancel()
    return signal.aborted || closed
  }

  function fail(error: Error) {
    failed = error
    waiting.length = 0
    held = deferred()
    cancelHold = host.setTimeout(held.resolve, MAX_HOLD_MS)
  }

  const onAbort = () => changed.notify()
  signal.addEventListener('abort', onAbort)

  return {
    write(value) {
      if (failed) return held?.promise
      taken++
      const last = waiting.at(-1)
      if (last && last.values.length < maxCount) last.values.push(value)
      else waiting.push({ values: [value], since: host.monotonic() })
      if (calling) return isFull() ? room() : undefined
      pump()
      return undefined
    },
    async flush() {
      const until = taken
      wanted = Math.max(wanted, until)
      pump()
      await changed.until(() => written >= until || !!failed || signal.aborted)
      held?.resolve()
      if (failed) throw failed
      if (written < until)
        throw new SnapstreamError(
          'SHUTDOWN_TIMEOUT',
          `batch(${fn.name}) had ${until - written} values left when the time for a graceful end was over; they come again`,
          { cause },
        )
    },
    async close() {
      closed = true
      signal.removeEventListener('abort', onAbort)
      cancelTimer?.()
      cancelHold()
      held?.resolve()
      changed.notify()
      // The function is not left running behind the back of who closes what it needs.
      await calling
    },
  }

  function isFull() {
    return (waiting[0]?.values.length ?? 0) >= maxCount
  }

  async function room(): Promise<void> {
    await changed.until(() => !calling || !isFull() || !!failed || closed)
    await held?.promise
  }
}
