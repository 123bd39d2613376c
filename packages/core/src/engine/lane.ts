import type { Condition } from '../adapter/promise.ts'
import { count } from '../observe/tally.ts'
import type { Tally } from '../observe/tally.ts'
import type { Batch, Lane, Position } from '../protocol.ts'
import type { Mutable } from '../types.ts'
import type { Cursor } from './cursor.ts'
import type { Runtime } from './runtime.ts'
import type { Transaction } from './transaction.ts'

/** A batch of a lane, or a tick: a message that the source does not have. */
interface LaneBatch extends Batch<unknown> {
  readonly tick?: true
}

/** The progress of one worker in a batch. */
export interface Share {
  readonly batch: LaneBatch
  /** The number of messages at the start of the batch that have been handled without a gap. */
  handled: number
  /** Indexes of messages that were handled behind a gap. */
  ahead?: ReadonlySet<number>
  /** The number of handled messages that the binding has counted. */
  counted: number
  /** All messages have been handled. */
  over?: boolean
  /** Tells the probe that it is over, if there is one. */
  tell?: (() => void) | undefined
}

/** The work of one binding on a lane. Its worker and its step write it. */
export interface Load {
  readonly tally: Tally
  /** The number of unfinished messages, up to the last one that was started. */
  busy: number
  /** The number of messages that were given up because the time for a graceful end was over. */
  givenUp: number
}

/** The progress of a lane that a checkpoint makes durable. */
export interface Progress {
  readonly lane: LaneRun
  /** Undefined: no message was handled, but a tick. */
  readonly position: Position | undefined
  /** The number of handled ticks. */
  readonly ticks: number
}

/** Starts the messages of a batch for one binding. The worker gets the next batch when the promise resolves. */
export type Worker = (share: Share) => Promise<void>

/** Thrown to leave a message that is given up because its lane ends. The message is not handled and not acknowledged. */
export const HALTED = Symbol('halted')

/**
 * A lane of a source in a run: the batches that it holds, the workers (one for each binding) that handle them, and whether
 * they may go on. As a condition, it notifies of each change.
 */
export interface LaneRun extends Pick<Condition, 'notify' | 'until'> {
  readonly id: Lane
  /** The bound object of its source. */
  readonly source: unknown
  /** Messages of an iterator cannot be read again: those that were taken from it are handled even if the lane ends. */
  readonly unique: boolean
  /** The key that the source gives a message, if it has keys. */
  readonly keyOf: ((message: unknown) => unknown) | undefined
  /** Whether workers may start messages. They check it before each message. */
  readonly open: boolean
  /** The lane ends for good at the next message. */
  readonly halted: boolean
  /** Its source has given it up: the remaining messages belong to another process. */
  readonly revoked: boolean
  /** The transaction of the atomic sinks that it feeds. */
  readonly transaction: Transaction | undefined
  /** A message was given up or failed halfway, or the lane was lost: its effects may be in an atomic sink. */
  readonly torn: boolean
  /** It was lost: its messages are handled again. */
  readonly lost: boolean
  /** The number of things that it waits for before it opens: its state, and its source that goes back. */
  readonly waits: number
  /** One entry for each binding. */
  readonly loads: readonly Load[]
  /**
   * Whether it has messages in flight, or handled ones that no checkpoint has acknowledged. A method: next to a getter V8 reads
   * the other members more slowly, and `open` is read for each message.
   */
  dirty(): boolean
  /** The last position that a checkpoint has acknowledged. */
  readonly committed?: Position | undefined
  /** The number of workers whose next message waits for its turn. */
  readonly turns: number
  /** The cursors of its workers. Each tells by `since` whether it has a message in flight. */
  readonly cursors: Set<Cursor>
  push(batch: Batch<unknown>): void
  /** Hands a tick to the bindings with this target. False if none of them takes ticks. */
  tick(
    target: unknown,
    message: {
      readonly timestamp?: number
    },
  ): boolean
  /** Whether it has no message and no tick to handle. */
  empty(): boolean
  /** Waits until a message may have its turn, or the lane ends. Rejects if `turn` does. */
  turn(turn: PromiseLike<void>): Promise<void>
  /** A worker calls this when it has finished its share. */
  finish(share: Share): void
  /** Adds newly handled messages to the counts of the bindings. */
  count(): void
  /** The position up to which every binding has handled everything. */
  handled(): Position | undefined
  /** The progress that no checkpoint has acknowledged; undefined if there is none. */
  note(): Progress | undefined
  /** A checkpoint has acknowledged this progress. */
  acknowledge(progress: Progress): void
  /** A message failed halfway. */
  tear(): void
  /** Opens or closes it temporarily. A halted lane stays closed, and one that waits for its state. */
  setOpen(open: boolean): void
  /** Stays closed until this is over. */
  wait(opening: Promise<unknown>): void
  halt(): void
  /** Halts it, as its source gives it up. `lost`: no message of it may be committed any more. */
  revoke(lost: boolean): void
  /** Stops the stream with an error; ignores HALTED. */
  fail(thrown: unknown): void
  /** Reports a message that an iterator gave too late to be handled. */
  unhandled(message: unknown): void
  /**
   * Waits before a message is tried again. Resolves with false if there is no time for a retry, or the lane was revoked. A
   * lane that feeds an atomic sink tries until it is torn. `beyond`: the message already counts as handled, so it is tried
   * again even if the lane was revoked.
   */
  sleep(ms: number, beyond?: boolean): Promise<boolean>
  /** Resolves when at most `batches` batches are left, or the lane was halted. */
  rest(batches: number): Promise<void>
  /** Resolves when no message is in flight. */
  idle(): Promise<void>
}

export interface LaneOptions extends Pick<
  LaneRun,
  'id' | 'source' | 'unique' | 'keyOf' | 'transaction' | 'fail' | 'unhandled'
> {
  readonly tallies: readonly Tally[]
  readonly createWorkers: (lane: LaneRun) => readonly Worker[]
}

export function createLane(runtime: Runtime, options: LaneOptions): LaneRun {
  const { host, reading, probe } = runtime
  const { tallies, transaction, createWorkers, fail } = options
  /** The unfinished batches, each as the shares of its workers. */
  const held: Share[][] = []
  let waiting: (() => void)[] = []
  /** The position after the batches that every binding has finished. */
  let position: Position | undefined
  /** The number of ticks among the finished batches, and of those that a checkpoint has acknowledged. */
  let ticked = 0
  let acknowledged = 0
  const ticks = () =>
    ticked + held.filter((shares) => shares[0]?.batch.tick && shares.every(({ handled }) => handled)).length
  const hasProgress = () => lane.handled() !== lane.committed || ticks() !== acknowledged

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
    open: !reading.aborted && !transaction?.paused,
    halted: reading.aborted,
    revoked: false,
    torn: false,
    lost: false,
    waits: 0,
    turns: 0,
    dirty: () => hasProgress() || lane.loads.some(({ busy }) => busy > 0),
    loads: tallies.map((tally) => ({ tally, busy: 0, givenUp: 0 })),
    cursors: new Set(),
    push(batch) {
      held.push(queues.map((enqueue) => enqueue({ batch, handled: 0, counted: 0 })))
    },
    tick(target, message) {
      const takes = ({ binding: { concurrency, targets } }: Tally) => concurrency === 1 && targets.includes(target)
      if (!tallies.some(takes)) return false
      if (held.some(([share]) => share?.batch.tick && share.batch.messages[0] === message)) return true
      const batch: LaneBatch = {
        tick: true,
        lane: lane.id,
        messages: [message],
        bytes: 0,
        timestamp: () => message.timestamp,
        // It moves no position.
        position: () => position as Position,
        done() {},
      }
      held.push(
        queues.map((enqueue, i) =>
          takes(tallies[i] as Tally)
            ? enqueue({ batch, handled: 0, counted: 0 })
            : { batch, handled: 1, counted: 0, over: true },
        ),
      )
      return true
    },
    empty: () => held.length === 0,
    async turn(turn) {
      let over = false
      lane.turns++
      const end = () => {
        over = true
        lane.notify()
      }
      turn.then(end, end)
      await lane.until(() => over || lane.halted)
      lane.turns--
      if (over) await turn
    },
    finish(share) {
      share.over = true
      lane.count()
      share.tell?.()
      while (held[0]?.every(({ over }) => over)) {
        const [{ batch, handled }] = held.shift() as [Share]
        if (batch.tick) ticked++
        position = batch.position(handled)
        batch.done(handled)
      }
      lane.notify()
    },
    count() {
      for (const shares of held)
        for (const [i, share] of shares.entries()) {
          if (share.batch.tick) continue
          const handled = share.handled + (share.ahead?.size ?? 0)
          count(tallies[i] as Tally, 'handled', handled - share.counted)
          share.counted = handled
        }
    },
    handled() {
      const [first] = held
      const handled = first ? Math.min(...first.map((share) => share.handled)) : 0
      return handled > 0 ? first?.[0]?.batch.position(handled) : position
    },
    note: () => (hasProgress() ? { lane, position: lane.handled(), ticks: ticks() } : undefined),
    acknowledge({ position, ticks }) {
      lane.committed = position
      acknowledged = ticks
    },
    tear() {
      lane.torn = true
    },
    setOpen(open) {
      lane.open = open && !lane.halted && !lane.waits
      lane.notify()
    },
    wait(opening) {
      const add = (one: number) => {
        lane.waits += one
        lane.setOpen(!transaction?.paused)
      }
      add(1)
      void opening.then(() => add(-1))
    },
    halt() {
      lane.halted = true
      lane.setOpen(false)
    },
    revoke(lost) {
      lane.revoked = true
      lane.lost ||= lost
      if (lost && lane.dirty()) lane.tear()
      lane.halt()
    },
    async sleep(ms, beyond) {
      const due = host.monotonic() + ms
      // An atomic sink cannot take back its part of one message, so the message is tried again while there is time. If the
      // lane is torn, all its messages since the last flush are taken back.
      const ended = () => due > runtime.until || (lane.revoked && (transaction ? lane.torn : !beyond))
      let over = false
      const cancel = host.setTimeout(() => {
        over = true
        lane.notify()
      }, ms)
      await lane.until(() => over || ended())
      cancel()
      return !ended()
    },
    rest: (batches) =>
      // A source that reads ahead must not wait for ticks: their lane may wait for its turn.
      lane.until(() => lane.halted || held.filter(([share]) => !batches || !share?.batch.tick).length <= batches),
    idle: () => lane.until(() => lane.loads.every(({ busy }) => !busy)),
  }

  const queues = createWorkers(lane).map((work, i) => {
    let last = Promise.resolve()
    return (share: Share) => {
      last = last
        .then(() => {
          share.tell = probe?.begin?.(share.batch, (tallies[i] as Tally).binding.name)
          return work(share)
        })
        .catch(fail)
      return share
    }
  })
  return lane
}
