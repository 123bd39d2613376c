import type { Host } from '../host.ts'

/** How long messages may be handled before timers, I/O and signals get their turn, in ms. */
const SLICE_MS = 10
const MAX_STRIDE = 4096

/**
 * Tells a loop when to yield to the event loop. Reading the clock costs more than handling a message, so it is read every
 * `stride` messages, and the stride adapts to how long messages take. A loop counts up to `left` messages by itself, and
 * then passes their number to `spent`.
 */
export class Pace {
  /** How many messages may be handled before the next call of `spent`, at least 1. Only this class writes it. */
  left = 1
  readonly #host: Host
  #stride = 1
  #start: number

  constructor(host: Host) {
    this.#host = host
    this.#start = host.monotonic()
  }

  /** Counts handled messages. Returns true when the caller has to await `rest()`. */
  spent(count = 1): boolean {
    this.left -= count
    return this.left <= 0 && this.#late()
  }

  async rest(): Promise<void> {
    await this.#host.yield()
    this.#start = this.#host.monotonic()
  }

  #late(): boolean {
    const elapsed = this.#host.monotonic() - this.#start
    const late = elapsed >= SLICE_MS
    this.#stride = late ? Math.max(1, this.#stride >> 1) : Math.min(MAX_STRIDE, this.#stride * 2)
    this.left = this.#stride
    return late
  }
}
