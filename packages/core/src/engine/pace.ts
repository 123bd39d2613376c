import type { Host } from '../protocol.ts'

/** How long messages may be handled before timers, I/O and signals get their turn, in ms. */
const SLICE_MS = 10
const MAX_STRIDE = 4096

/**
 * Says when it is time to yield. Reading a clock costs more than handling a message, so it is read every `stride`
 * messages, and the stride follows how long messages take. A loop counts by itself as far as `left`,
 * and then says how far it came.
 */
export class Pace {
  /** How many messages may be handled before it has to be asked, at least 1. Others only read it. */
  left = 1
  readonly #host: Host
  #stride = 1
  #start: number

  constructor(host: Host) {
    this.#host = host
    this.#start = host.monotonic()
  }

  /** To be asked after so many messages; when true, await `rest()`. */
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
