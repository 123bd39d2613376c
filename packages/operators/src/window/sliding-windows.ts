import type { OperatorArea, OperatorKey, OperatorPart } from '@snapstream/core/adapter'
import { numbersCodec } from '../numbers-codec.ts'
import type { TimeWindows, TimeWindowsOptions } from './time-windows.ts'
import { windowKey } from './window-key.ts'
import type { SlidingSpec } from './window-options.ts'

/** The area with the times of the messages of each key, each once, in order. */
const TIMES = 'times'

/**
 * Sliding windows, as of KIP-450. A message at `t` has a window that ends with it, `[t - slideMs, t]`, and one that begins right
 * after it, `[t + 1, t + 1 + slideMs]`, if any message is in that. So each set of messages that fits into `slideMs` is a window.
 *
 * A message that comes out of order makes windows whose earlier messages were folded before. Their values are taken from
 * another window with the same messages, so windows are kept for a while after they are over.
 */
export function createSlidingWindows<K extends OperatorKey, V, M>(
  { slideMs }: SlidingSpec,
  { graceMs, fold, updated, over }: TimeWindowsOptions<K, V, M>,
): TimeWindows<K, V, M> {
  /** From the start of a window to the time at which it is over. */
  const overMs = slideMs + 1 + graceMs
  /** From there to the time from which no new window can need its value. */
  const keepMs = 3 * slideMs + 3

  const timesOf = (part: OperatorPart<string, V>): OperatorArea<K, readonly number[]> => part.area(TIMES, numbersCodec)

  return {
    add(part, key, message, time) {
      const { entries } = part
      const now = part.time
      // Even its last window, the one that begins after it, is over.
      if (time + 1 + overMs <= now) return true
      const area = timesOf(part)
      const times = (area.getSync(key) ?? []).filter((other) => isKept(other, now))
      const value = (start: number) => entries.getSync(windowKey(key, start))
      let missed = false

      function put(start: number, changed: V, isNew: boolean): void {
        entries.put(windowKey(key, start), changed)
        const isOver = start + overMs <= now
        if (isNew) {
          if (!isOver) part.setTimer('event', start + overMs, key)
          part.setTimer('event', start + overMs + keepMs, key)
        }
        const isOf = start <= time && time <= start + slideMs
        if (!isOver) updated({ key, start, end: start + slideMs + 1, value: changed }, time)
        else if (isOf) missed = true
      }

      /** The value of exactly the messages of a range that ends with a message at `last`, from a window that has them. */
      function valueFrom(from: number, last: number): V | undefined {
        const before = times.findLast((other) => other < from)
        return value(before !== undefined && before >= last - slideMs ? before + 1 : last - slideMs)
      }

      // Values of the windows as they are before this message.
      const isNew = !times.includes(time)
      const before = times.findLast((other) => other < time)
      const after = times.findLast((other) => other > time && other <= time + 1 + slideMs)
      const isBefore = before !== undefined && before >= time - slideMs
      const ending = isBefore ? valueFrom(time - slideMs, before) : undefined
      const beginning =
        isNew && after !== undefined && value(time + 1) === undefined ? valueFrom(time + 1, after) : undefined

      for (const start of startsAround(times, time, slideMs)) {
        const old = value(start)
        if (old !== undefined) put(start, fold(old, message), false)
      }
      if (isNew) {
        if (value(time - slideMs) === undefined) put(time - slideMs, fold(ending, message), true)
        if (before !== undefined && before >= time - 1 - slideMs && value(before + 1) === undefined)
          put(before + 1, fold(undefined, message), true)
        if (beginning !== undefined) put(time + 1, beginning, true)
        area.put(
          key,
          [...times, time].toSorted((a, b) => a - b),
        )
      }
      return missed
    },
    fire(part, key, time) {
      const { entries } = part
      const start = time - overMs
      const value = entries.getSync(windowKey(key, start))
      if (value !== undefined) over({ key, start, end: start + slideMs + 1, value })
      const kept = windowKey(key, start - keepMs)
      if (entries.getSync(kept) === undefined) return
      entries.del(kept)
      const area = timesOf(part)
      const times = area.getSync(key) ?? []
      const left = times.filter((other) => isKept(other, time))
      if (left.length === 0) area.del(key)
      else if (left.length < times.length) area.put(key, left)
    },
  }

  /** Whether a message of this time may still matter for the windows of others. */
  function isKept(other: number, now: number): boolean {
    return other + 1 + graceMs + keepMs > now
  }
}

/** The starts of the windows around a time that other messages have, in order, each once. */
function startsAround(times: readonly number[], time: number, slideMs: number): readonly number[] {
  const starts = new Set<number>()
  for (const other of times) {
    // The window that ends with it, and the one that begins after it.
    if (other >= time && other <= time + slideMs) starts.add(other - slideMs)
    if (other < time && other >= time - 1 - slideMs) starts.add(other + 1)
  }
  return [...starts].toSorted((a, b) => a - b)
}
