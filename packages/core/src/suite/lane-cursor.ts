import type { Batch, Lane } from '../protocol.ts'

/**
 * Where a lane of a fake source goes on. A lane that goes back gets another cursor, so that batches from before do not count
 * for it.
 */
export interface LaneCursor {
  next: number
  /** The number of batches that are not done. */
  out: number
}

export const cursorAt = (next: number): LaneCursor => ({ next, out: 0 })

/** Whether a lane of so many messages gives a batch now: at most two of a lane are out at once. */
export const givesBatch = ({ next, out }: LaneCursor, length: number): boolean => out < 2 && next < length

/** The next batch of a lane, with up to `size` messages. */
export function nextBatch<E, T>(options: {
  readonly lane: Lane
  readonly cursor: LaneCursor
  /** All of the lane. */
  readonly entries: readonly E[]
  readonly size: number
  /** The message of an entry. */
  readonly message: (entry: E, index: number) => T
  /** Called when the batch is done. */
  readonly wake: () => void
}): Batch<T> {
  const { lane, cursor, entries, size, message, wake } = options
  const from = cursor.next
  const messages = entries.slice(from, from + size).map((entry, i) => message(entry, from + i))
  cursor.next += messages.length
  cursor.out++
  return {
    lane,
    messages,
    bytes: messages.length,
    position: (n) => from + n,
    done(n) {
      if (n < messages.length) return
      cursor.out--
      wake()
    },
  }
}
