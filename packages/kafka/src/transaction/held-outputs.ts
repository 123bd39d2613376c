import type { Origin } from '@snapstream/core'
import type { PreparedRecord } from '../writing/topic-sender.ts'

/**
 * The outputs of messages that do not count as handled yet. A message may fail after its first output and be tried again, or
 * skipped; or wait for an earlier one. Its outputs are sent when its position is part of the transaction, too.
 */
export interface HeldOutputs {
  hold(origin: Origin, output: PreparedRecord): void
  /** Drops the outputs of a message: its handler failed, or it is skipped. */
  drop(origin: Origin): void
  /** Removes and returns the outputs of a message, in the order in which they were held. */
  take(origin: Origin): readonly PreparedRecord[]
  /** Drops all outputs. */
  clear(): void
}

const NONE: readonly PreparedRecord[] = []

export function heldOutputs(): HeldOutputs {
  /** The message of the last output, and its outputs. Most messages end before the next one begins, and need no map. */
  let last: Origin | undefined
  let outputs: PreparedRecord[] = []
  /** The outputs of all other messages. */
  const others = new Map<Origin, PreparedRecord[]>()

  /** Removes and returns the outputs of a message. */
  function remove(origin: Origin): PreparedRecord[] | undefined {
    if (origin === last) {
      last = undefined
      return outputs
    }
    if (others.size === 0) return undefined
    const removed = others.get(origin)
    others.delete(origin)
    return removed
  }

  return {
    hold(origin, output) {
      if (origin === last) {
        outputs.push(output)
        return
      }
      if (last !== undefined) others.set(last, outputs)
      const before = remove(origin)
      last = origin
      outputs = before ?? [output]
      if (before !== undefined) before.push(output)
    },
    drop: (origin) => void remove(origin),
    take: (origin) => remove(origin) ?? NONE,
    clear() {
      last = undefined
      others.clear()
    },
  }
}
