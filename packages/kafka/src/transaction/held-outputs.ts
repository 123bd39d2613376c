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
  const held = new Map<Origin, PreparedRecord[]>()
  return {
    hold(origin, output) {
      const outputs = held.get(origin)
      if (outputs === undefined) held.set(origin, [output])
      else outputs.push(output)
    },
    drop: (origin) => void held.delete(origin),
    take(origin) {
      const outputs = held.get(origin)
      if (outputs === undefined) return NONE
      held.delete(origin)
      return outputs
    },
    clear: () => held.clear(),
  }
}
