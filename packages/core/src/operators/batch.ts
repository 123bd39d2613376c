import { backoff } from '../adapter/backoff.ts'
import { createCondition } from '../adapter/condition.ts'
import { isThenable } from '../adapter/thenable.ts'
import { deferred } from '../adapter/deferred.ts'
import type { Deferred } from '../adapter/deferred.ts'
import { expectNumber, expectUsage, failure, SnapstreamError, withDefaults } from '../error.ts'
import type { SinkOptions, SinkTarget, SinkWriter } from '../protocol.ts'

/** Options of `batch`. */
export interface BatchOptions {
  /** The largest number of values in one call: a whole number of at least 1. @default 1000 */
  readonly maxCount?: number
  /**
   * The longest wait of a value for others, in ms, at least 1. A checkpoint (`checkpointMs`) ends every wait.
   *
   * @default until the checkpoint
   */
  readonly maxMs?: number
  /** The number of retries of a failed call, with the same values: a whole number of at least 0. @default 0 */
  readonly retries?: number
  /**
   * The wait before the first retry, in ms, at least 0. It doubles each time, up to 30 s, and jitter takes a random half to
   * all of it. @default 100
   */
  readonly backoffMs?: number
}

/** The second argument of the function. */
export interface BatchContext {
  /** Aborted when the time for a graceful end (`shutdownMs`) is over. Pass it to calls that may hang. */
  readonly signal: AbortSignal
}

/** `BatchOptions`, with their defaults. */
type BatchLimits = Required<BatchOptions>

const DEFAULTS: BatchLimits = { maxCount: 1000, maxMs: Infinity, retries: 0, backoffMs: 100 }

/**
 * A sink for bulk writes, to a database or over HTTP: collects values and calls a function with many at once, in order and
 * one call at a time. It calls with `maxCount` values, or earlier when the oldest has waited for `maxMs`, at every checkpoint
 * and at the end. During a call the next values are collected; when they are `maxCount` too, writers wait.
 *
 * When a call fails after all retries, the stream stops at its next checkpoint, rejects with `SINK_FAILED`, and acknowledges
 * no message since the last checkpoint. Throws `USAGE`.
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

  /** A function that changes the array must not change the values of the next attempt. */
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
