import type { OperatorKey, OperatorPart } from '@snapstream/core/adapter'
import type { Windowed } from './window-options.ts'

/** The windows of one kind, which end by event time. They keep their values in the user's entries, by `windowKey`. */
export interface TimeWindows<K extends OperatorKey, V, M> {
  /**
   * Folds a message into its windows, once the timers before it have fired. Returns whether a window that it belongs to has ended
   * before.
   */
  add(part: OperatorPart<string, V>, key: K, message: M, time: number): boolean
  /** A timer that `add` has set for a key is due. */
  fire(part: OperatorPart<string, V>, key: K, time: number): void
}

/** The options and callbacks of windows of time. */
export interface TimeWindowsOptions<K, V, M> {
  readonly graceMs: number
  readonly fold: (value: V | undefined, message: M) => V
  /** A message has changed a window that is open. */
  readonly updated: (window: Windowed<K, V>, time: number) => void
  /** A window is over. */
  readonly over: (window: Windowed<K, V>) => void
}
