import type { Condition } from '../adapter/condition.ts'
import type { Tally } from '../observe/tally.ts'
import type { Batch, Lane, Position } from '../protocol.ts'
import type { Mutable } from '../types.ts'
import type { Cursor } from './cursor.ts'
import type { Runtime } from './runtime.ts'

/** A batch in the hands of one worker, which alone writes it. */
export interface Share {
  readonly batch: Batch<unknown>
  /** How many messages at its start have been handled, without a gap. */
  handled: number
  /** Indexes of messages that were handled behind a gap. */
  ahead?: ReadonlySet<number>
  /** How many of them its binding has counted. */
  counted: number
  /** All messages have been handled. */
  over?: boolean
}

/** The work of one binding on a lane. Its worker and its step write it. */
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
 * and whether they may. Only its functions write it; as a condition it tells of each change.
 */
export interface LaneRun extends Pick<Condition, 'notify' | 'until'> {
  readonly id: Lane
  /** Messages of an iterator do not come again: those that were taken from it are handled although the lane ends. */
  readonly unique: boolean
  /** The key of a message by its source, where that has one. */
  readonly keyOf: ((message: unknown) => unknown) | undefined
  /** Workers look at this before each message. */
  readonly open: boolean
  /** Ends for good at the next message. */
  readonly halted: boolean
  /** Its source has given it up: the messages that are left belong to another process. */
  readonly revoked: boolean
  /** A message was given up or failed halfway, says its worker: its effects may be in an atomic sink. */
  torn: boolean
  /** One entry a binding. */
  readonly loads: readonly Load[]
  /** The position that the source was told last; its source writes it. */
  committed?: Position
  /** Of the workers. A cursor says itself whether it has a message in flight. */
  readonly cursors: Set<Cursor>
  push(batch: Batch<unknown>): void
  /** Called by a worker that is done with its share. */
  finish(share: Share): void
  /** Has the bindings count what they have handled. */
  count(): void
  /** The position up to which every binding has handled everything. */
  handled(): Position | undefined
  /** Opens or closes it for a while; one that was halted stays closed. */
  setOpen(open: boolean): void
  halt(): void
  /** Halts it for good. `lost`: it has another owner already, so nothing of it may be started or committed. */
  revoke(lost: boolean): void
  /** Takes an error that stops the stream, and HALTED. */
  fail(thrown: unknown): void
  /** Takes a message that an iterator gave too late to be handled. */
  late(message: unknown): void
  /**
   * Waits before a message is tried again. False: there is no time for that, or it belongs to another. `beyond`: it counts
   * as handled already, and goes on though its lane belongs to another.
   */
  sleep(ms: number, beyond?: boolean): Promise<boolean>
  /** Resolves when no more than so many batches are left, or none will be handled. */
  rest(batches: number): Promise<void>
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>
}

export interface LaneOptions extends Pick<LaneRun, 'id' | 'unique' | 'keyOf' | 'fail' | 'late'> {
  readonly tallies: readonly Tally[]
  /** Whether it feeds an atomic sink. */
  readonly atomic: boolean
  readonly createWorkers: (lane: LaneRun) => readonly Worker[]
}

export function createLane(runtime: Runtime, options: LaneOptions): LaneRun {
  const { host, reading, paused } = runtime
  const { tallies, atomic, createWorkers, fail } = options
  /** The batches that are not finished, each as its workers have it. */
  const held: Share[][] = []
  let waiting: (() => void)[] = []
  /** After the batches that every binding has finished. */
  let position: Position | undefined

  const lane: Mutable<LaneRun> = {
    ...options,
    notify() {
      const woken = waiting
      if (woken.length > 0) waiting = []
      for (const wake of woken) wake()
    },
    async until(condition) {
      while (!condition()) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    open: !reading.aborted && !(atomic && paused),
    halted: reading.aborted,
    revoked: false,
    torn: false,
    loads: tallies.map((tally) => ({ tally, busy: 0, givenUp: 0 })),
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
      lane.notify()
    },
    count() {
      for (const shares of held)
        for (const [i, share] of shares.entries()) {
          const handled = share.handled + (share.ahead?.size ?? 0)
          ;(tallies[i] as Tally).handled += handled - share.counted
          share.counted = handled
        }
    },
    handled() {
      const [first] = held
      const handled = first ? Math.min(...first.map((share) => share.handled)) : 0
      return handled > 0 ? first?.[0]?.batch.position(handled) : position
    },
    setOpen(open) {
      lane.open = open && !lane.halted
      lane.notify()
    },
    halt() {
      lane.halted = true
      lane.setOpen(false)
    },
    revoke(lost) {
      lane.revoked = true
      lane.torn ||= lost
      lane.halt()
    },
    async sleep(ms, beyond) {
      const due = host.monotonic() + ms
      // An atomic sink cannot take back its part of a message: the message is tried to the end while there is time.
      const ended = () => due > runtime.until || (lane.revoked && !atomic && !beyond)
      let over = false
      const cancel = host.setTimeout(() => {
        over = true
        lane.notify()
      }, ms)
      await lane.until(() => over || ended())
      cancel()
      return !ended()
    },
    rest: (batches) => lane.until(() => lane.halted || held.length <= batches),
    idle: () => lane.until(() => lane.loads.every(({ busy }) => !busy)),
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
