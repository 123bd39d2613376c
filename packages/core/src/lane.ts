import type { Batch, Host, Lane, Position } from './protocol.ts'

/** A batch in the hands of the engine, and how many workers still have it before them. */
export interface Held {
  readonly batch: Batch<unknown>
  left: number
}

/** Handles the batches of one lane for one binding. */
export interface Worker {
  push(held: Held): void
  /** Goes on where it stopped, if it may. */
  kick(): void
  /** Messages in flight, started and not finished. */
  readonly busy: number
  /** How many messages at the start of the batch have been handled, without a gap. */
  progress(held: Held): number
}

/** Thrown through a message that is given up because its lane ends: it was not handled and is not acknowledged. */
export const HALTED = Symbol('halted')

/**
 * One ordered part of a source in a run: the batches that are held, the workers (one a binding) that go through them,
 * and whether they may.
 */
export class LaneRun {
  readonly id: Lane
  /** Of the bindings that read it. */
  readonly names: string
  readonly held: Held[] = []
  workers: readonly Worker[] = []
  /** Workers look at this before each message. */
  open = true
  /** Ends for good at the next message. */
  halted = false
  /** After the batches that every binding has finished. */
  #position: Position | undefined
  /** What the source has been told. */
  committed: Position | undefined
  readonly #host: Host
  readonly #onHalt = new Set<() => void>()
  #waiting: (() => void)[] = []

  constructor(id: Lane, names: string, host: Host) {
    this.id = id
    this.names = names
    this.#host = host
  }

  push(batch: Batch<unknown>): void {
    const held = { batch, left: this.workers.length }
    this.held.push(held)
    for (const worker of this.workers) worker.push(held)
    for (const worker of this.workers) worker.kick()
  }

  /** A worker is through with a batch. Workers go in order, so the oldest batch is always the first to be finished. */
  finished(held: Held): void {
    if (--held.left > 0) return
    const { batch } = held
    this.held.shift()
    this.#position = batch.position(batch.messages.length)
    batch.done(batch.messages.length)
    this.changed()
  }

  /** The position up to which every binding has handled everything. */
  handled(): Position | undefined {
    const first = this.held[0]
    if (first === undefined) return this.#position
    const count = Math.min(...this.workers.map((worker) => worker.progress(first)))
    return count > 0 ? first.batch.position(count) : this.#position
  }

  get busy(): number {
    return this.workers.reduce((sum, worker) => sum + worker.busy, 0)
  }

  pause(): void {
    this.open = false
  }

  resume(): void {
    if (this.halted) return
    this.open = true
    for (const worker of this.workers) worker.kick()
  }

  halt(): void {
    this.open = false
    this.halted = true
    for (const wake of this.#onHalt) wake()
    this.#onHalt.clear()
    this.changed()
  }

  /** Waits; rejects with HALTED as soon as the lane ends. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.halted) {
        reject(HALTED)
        return
      }
      const wake = () => {
        cancel()
        reject(HALTED)
      }
      const cancel = this.#host.setTimeout(() => {
        this.#onHalt.delete(wake)
        resolve()
      }, ms)
      this.#onHalt.add(wake)
    })
  }

  /** Resolves once the condition holds; it is looked at when a batch is finished, a worker stops or the lane halts. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when nothing is in flight. */
  idle(): Promise<void> {
    return this.until(() => this.busy === 0)
  }

  changed(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}
