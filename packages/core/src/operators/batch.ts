import { batchWriter } from './batch-writer.ts'
import { expectNumber, expectUsage, withDefaults } from '../error.ts'
import type { SinkTarget } from '../protocol.ts'

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
export type BatchLimits = Required<BatchOptions>

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
