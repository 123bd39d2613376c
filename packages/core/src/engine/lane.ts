import type { Cursor } from './cursor.ts'
import type { Batch, Lane, Position } from '../protocol.ts'
import type { Runtime } from './runtime.ts'
import { countShare, namesOf } from './tally.ts'
import type { Tally } from './tally.ts'

/** A batch in the hands of one worker. */
export interface Share {
  readonly batch: Batch<unknown>
  /** How many messages at its start have been handled, without a gap. */
  handled: number
  /** Those that were handled behind a gap. */
  ahead?: ReadonlySet<number>
  /** How many of them its binding has counted. */
  counted: number
  /** All of them have been. */
  over?: boolean
}

/** What a binding has in its hands of a lane. */
export interface Load {
  readonly tally: Tally
  /** How many messages are not finished, up to the last that was started. */
  busy: number
  /** How many were given up, as the time for a graceful end was over. */
  givenUp: number
}

/** Takes up the messages of a batch for one binding. The next batch comes when the promise resolves. */
export type Worker = (share: Share) => Promise<void>

/** Thrown through a message that is given up because its lane ends: it was not handled and is not acknowledged. */
export const HALTED = Symbol('halted')

/**
 * One ordered part of a source in a run: the batches that are held, the workers (one a binding) that go through them,
 * and whether they may.
 */
export interface LaneRun {
  readonly id: Lane
  /** Of the bindings that read it. */
  readonly names: readonly string[]
  /** Workers look at this before each message. */
  open: boolean
  /** Ends for good at the next message. */
  halted: boolean
  /** Its source has given it up: what is left belongs to another. */
  revoked: boolean
  /** One entry a binding. */
  readonly loads: Load[]
  /** One was given up, or failed, with what it had done by then. */
  torn: boolean
  /** Of the workers; which of them have a message in flight, they say themselves. */
  readonly cursors: Set<Cursor>
  /** What the source has been told. */
  committed?: Position
  push(batch: Batch<unknown>): void
  /** A worker is through with its share. */
  finish(share: Share): void
  /** Has the bindings count what they have handled. */
  count(): void
  /** The position up to which every binding has handled everything. */
  handled(): Position | undefined
  resume(): void
  halt(): void
  /** Takes what stops the stream, and HALTED. */
  fail(thrown: unknown): void
  /** Wakes what waits for a condition of this lane. */
  changed(): void
  /**
   * Waits before a message is tried again. False: there is no time for that, or it belongs to another. `beyond`: it counts
   * as handled already, and goes on though its lane belongs to another.
   */
  sleep(ms: number, beyond?: boolean): Promise<boolean>
  /** Resolves once the condition, which has to be about this lane, holds. */
  until(condition: () => boolean): Promise<void>
  /** Resolves when no more than so many batches are left, or none will be handled. */
  rest(count: number): Promise<void>
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>
}

export function createLane(
  runtime: Runtime,
  id: Lane,
  tallies: readonly Tally[],
  createWorkers: (lane: LaneRun) => readonly Worker[],
  atomic: boolean,
  fail: (thrown: unknown) => void,
): LaneRun {
  const { host, reading, paused } = runtime
  /** The batches that are not finished, each as its workers have it. */
  const held: Share[][] = []
  /** After the batches that every binding has finished. */
  let position: Position | undefined
  let waiting: (() => void)[] = []

  const lane: LaneRun = {
    id,
    names: namesOf(tallies),
    open: !reading.aborted && !(atomic && paused),
    halted: reading.aborted,
    revoked: false,
    loads: tallies.map((tally) => ({ tally, busy: 0, givenUp: 0 })),
    torn: false,
    cursors: new Set(),
    push(batch) {
      held.push(queues.map((enqueue) => enqueue({ batch, handled: 0, counted: 0 })))
    },
    finish(share) {
      share.over = true
      lane.count()
      while (held[0]?.every(({ over }) => over)) {
        const [{ batch, handled }] = held.shift() as [Share]
        position = batch.position(handled)
        batch.done(handled)
      }
      lane.changed()
    },
    count() {
      for (const shares of held) for (const [i, share] of shares.entries()) countShare(tallies[i] as Tally, share)
    },
    handled() {
      const [first] = held
      const count = first ? Math.min(...first.map(({ handled }) => handled)) : 0
      return count > 0 ? first?.[0]?.batch.position(count) : position
    },
    resume() {
      lane.open = !lane.halted
      lane.changed()
    },
    halt() {
      lane.halted = true
      lane.open = false
      lane.changed()
    },
    fail,
    changed() {
      const woken = waiting
      if (woken.length > 0) waiting = []
      for (const wake of woken) wake()
    },
    async sleep(ms, beyond) {
      const due = host.monotonic() + ms
      // What an atomic sink has of a message cannot be taken back: it is tried to the end while there is time.
      const ended = () => due > runtime.until || (lane.revoked && !atomic && !beyond)
      let over = false
      const cancel = host.setTimeout(() => {
        over = true
        lane.changed()
      }, ms)
      await lane.until(() => over || ended())
      cancel()
      return !ended()
    },
    async until(condition) {
      while (!condition()) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    rest: (count) => lane.until(() => lane.halted || held.length <= count),
    idle: () => lane.until(() => lane.loads.every(({ busy }) => busy === 0)),
  }

  const queues = createWorkers(lane).map((work) => {
    let last = Promise.resolve()
    return (share: Share) => {
      last = last.then(() => work(share)).catch(fail)
      return share
    }
  })
  return lane
}
