import { backoff } from '../adapter/backoff.ts'
import { createCondition, deferred, isThenable } from '../adapter/promise.ts'
import type { Deferred } from '../adapter/promise.ts'
import { expectNumber, expectUsage, failure, SnapstreamError, withDefaults } from '../error.ts'
import type { SinkOptions, SinkTarget, SinkWriter } from '../protocol.ts'

/** Options of `batch`. */
export interface BatchOptions {
  /** The largest number of values in one call: a whole number of at least 1. @default 1000 */
  readonly maxCount?: number
  /**
   * The longest time that a value waits for its batch to fill, in ms, at least 1. A checkpoint (`checkpointMs`) ends every wait.
   *
   * @default until the checkpoint
   */
  readonly maxMs?: number
  /** The number of retries of a failed call, with the same values: a whole number of at least 0. @default 0 */
  readonly retries?: number
  /**
   * The wait before the first retry, in ms, at least 0. It doubles each time, up to 30 s. Jitter scales it by a random factor
   * between 0.5 and 1. @default 100
   */
  readonly backoffMs?: number
}

/** The second argument of the function that `batch` calls. */
export interface BatchContext {
  /** Aborted when the time for a graceful end (`shutdownMs`) is over. Pass it to calls that may hang. */
  readonly signal: AbortSignal
}

/** `BatchOptions`, with their defaults. */
type BatchLimits = Required<BatchOptions>

const DEFAULTS: BatchLimits = { maxCount: 1000, maxMs: Infinity, retries: 0, backoffMs: 100 }

/**
 * A sink for bulk writes, to a database or over HTTP. It collects values and calls a function with many at once, in order and
 * one call at a time. It calls the function with `maxCount` values, or with fewer once the oldest has waited for `maxMs`, at
 * every checkpoint and at the end. It collects the next values during a call; once there are `maxCount` of them, writers wait.
 *
 * When a call fails after all retries, the stream stops at its next checkpoint, rejects with `SINK_FAILED`, and acknowledges
 * no message since the last checkpoint. `batch` throws `USAGE` for wrong arguments.
 *
 * @example
 * const rows = batch((rows: Row[]) => db.insert(rows), { maxCount: 500, maxMs: 200, retries: 3 })
 * snap(orders, { sink: [rows] })(({ key, value }) => ({ id: key, total: value.total }))
 */
export function batch<T>(
  fn: (values: T[], context: BatchContext) => unknown,
  options: BatchOptions = {},
): SinkTarget<T> {
  expectUsage(typeof fn === 'function', 'the first argument of batch', 'a function', fn)
  const limits = withDefaults(DEFAULTS, options, 'batch')
  const { maxCount, maxMs, retries, backoffMs } = limits
  expectNumber(maxCount, 'maxCount of batch', 1, 'whole ')
  if (maxMs !== Infinity) expectNumber(maxMs, 'maxMs of batch', 1)
  expectNumber(retries, 'retries of batch', 0, 'whole ')
  expectNumber(backoffMs, 'backoffMs of batch', 0)
  return { '~snapstream.sink': (options) => batchWriter(fn, limits, options) }
}

/** How long writers wait for the checkpoint that reports a failure, in ms. Without a limit the two might wait for each other. */
const MAX_HOLD_MS = 10_000

/** Values that are written in one call. */
interface Gathered<T> {
  readonly values: T[]
  /** The time of the oldest value, by the monotonic clock. */
  readonly since: number
}

const valuesIn = (count: number) => (count === 1 ? '1 value' : `${count} values`)

/** Makes the writer of one run. */
function batchWriter<T>(
  fn: (values: T[], context: BatchContext) => unknown,
  { maxCount, maxMs, retries, backoffMs }: BatchLimits,
  { signal, host }: SinkOptions,
): SinkWriter<T> {
  /** The batches that no call has got yet, in order. All but the last are full. */
  const waiting: Gathered<T>[] = []
  const context: BatchContext = { signal }
  let taken = 0
  let written = 0
  /** The value of `written` that a checkpoint waits for. */
  let wanted = 0
  /** The current call, including its retries. Never rejects. */
  let calling: Promise<void> | undefined
  let failed: Error | undefined
  /** The error of the last failed attempt. */
  let cause: unknown
  let closed = false
  let cancelTimer: (() => void) | undefined
  let cancelHold = () => {}
  /** Notifies of written values, a failure and the end. */
  const changed = createCondition()
  /** After a failure: holds writers until the checkpoint has reported it, as no value is written any more. */
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

  /** Sets the only timer. When it fires, `pump` writes the batches that are due and sets it again for the others. */
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

  /** Passes a copy if there are retries: a function that changes its array must not change the values of the next attempt. */
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
          fail(failure('SINK_FAILED', `batch(${fn.name}) with ${valuesIn(values.length)}`, thrown))
          return
        }
      }
      pending = (async () => attempt(values))()
    }
  }

  /** Waits for the backoff. Resolves with true, and at once, if the stream has no time for another attempt. */
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
          `batch(${fn.name}) had ${valuesIn(until - written)} left at the end of shutdownMs; the next run reads their messages again`,
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
      // The function may still use resources that the caller closes after this.
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
