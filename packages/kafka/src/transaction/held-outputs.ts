import type { Origin } from '@snapstream/core'
import type { PreparedRecord } from '../writing/topic-sender.ts'

/**
 * The outputs of messages in flight. A message may fail after its first output and be tried again, or skipped. So the outputs
 * of an attempt are sent only once it has succeeded.
 */
export interface HeldOutputs {
  hold(origin: Origin, output: PreparedRecord): void
  /** Drops the outputs of a message: its attempt failed. */
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
