import type { Cursor } from './cursor.ts'
import { expectUsage, toSnapstreamError } from './error.ts'
import type { Held, LaneRun, Worker } from './lane.ts'
import type { Runtime } from './runtime.ts'
import type { Step } from './step.ts'

/** A batch with a mark for every message that was handled. */
interface Window {
  readonly held: Held
  readonly handled: Uint8Array
  /** Everything before this one was handled. */
  low: number
  /** The next message to take up. */
  next: number
}

/** A message that was taken up: in flight, or waiting behind another of its key. */
interface Item {
  readonly window: Window
  readonly index: number
  key: unknown
  /** Why it cannot be handled: it did not decode, or it has no usable key. */
  error: Error | undefined
  /** The next message of the same key. */
  next: Item | undefined
}

export interface KeyedWorkerOptions {
  readonly concurrency: number
  readonly key: (message: unknown) => unknown
  newCursor(): Cursor
}

/** Handles up to `concurrency` keys of the lane at once, and the messages of one key one after another. */
export function createKeyedWorker(
  { pace, fail }: Runtime,
  lane: LaneRun,
  step: Step,
  { concurrency, key, newCursor }: KeyedWorkerOptions,
): Worker {
  const windows: Window[] = []
  /** By key, the last message that is in flight or waiting. */
  const tails = new Map<unknown, Item>()
  /** First messages of their keys that could not start because the lane was paused. */
  let parked: Item[] = []
  const cursors: Cursor[] = []
  let active = 0
  let filling = false

  async function fill() {
    if (filling) return
    filling = true
    for (let item = take(); item !== undefined; item = take()) {
      const tail = tails.get(item.key)
      tails.set(item.key, item)
      if (tail === undefined) begin(item)
      else tail.next = item
      if (pace.spent()) await pace.rest()
    }
    filling = false
    lane.changed()
  }

  /** The next message that nobody has taken up, while there is room for another key. */
  function take(): Item | undefined {
    if (!lane.open || active >= concurrency) return undefined
    const window = windows.find(({ held, next }) => next < held.batch.messages.length)
    if (window === undefined) return undefined
    const { batch } = window.held
    const index = window.next++
    const item: Item = { window, index, key: undefined, error: batch.error?.(index), next: undefined }
    // What did not decode has no key to go by: it shares one with its like.
    if (item.error !== undefined) return item
    try {
      item.key = identityOf(key(batch.messages[index]))
    } catch (thrown) {
      item.error = toSnapstreamError('HANDLER_FAILED', 'key() failed', thrown)
    }
    return item
  }

  /** Handles a message, and those of its key after it, for as long as they are handled on the spot. */
  function begin(first: Item) {
    active++
    for (let item: Item | undefined = first; item !== undefined; item = advance(item)) {
      const { index, error } = item
      const { batch } = item.window.held
      const cursor = cursors.pop() ?? newCursor()
      cursor.batch = batch
      cursor.index = index
      cursor.message = batch.messages[index]
      const pending = error === undefined ? step.handle(cursor) : step.refuse(error, cursor)
      if (pending !== undefined) {
        void finishLater(pending, item, cursor)
        return
      }
      cursors.push(cursor)
    }
  }

  async function finishLater(pending: Promise<boolean>, item: Item, cursor: Cursor) {
    try {
      await pending
    } catch (error) {
      active--
      lane.pause()
      fail(error)
      lane.changed()
      return
    }
    cursors.push(cursor)
    const next = advance(item)
    if (next !== undefined) {
      active--
      begin(next)
    }
    void fill()
  }

  /** Marks a message as handled and answers with the next of its key, if that may start. */
  function advance(item: Item): Item | undefined {
    const { window, index, next } = item
    window.handled[index] = 1
    while (window.handled[window.low] === 1) window.low++
    sweep()
    if (next !== undefined && lane.open) return next
    active--
    if (next === undefined) tails.delete(item.key)
    else parked.push(next)
    lane.changed()
    return undefined
  }

  /** Gives back what is finished, in order. */
  function sweep() {
    for (let first = windows[0]; first?.low === first?.handled.length; first = windows[0]) {
      if (first === undefined) return
      windows.shift()
      lane.finished(first.held)
    }
  }

  return {
    push(held) {
      windows.push({ held, handled: new Uint8Array(held.batch.messages.length), low: 0, next: 0 })
    },
    kick() {
      if (!lane.open) return
      const ready = parked
      parked = []
      for (const item of ready) begin(item)
      sweep()
      void fill()
    },
    get busy() {
      return active
    },
    progress(held) {
      const window = windows.find((one) => one.held === held)
      return window === undefined ? held.batch.messages.length : window.low
    },
  }
}

/** A key as a map tells keys apart: bytes by content, everything else by value. */
function identityOf(key: unknown): unknown {
  if (key instanceof Uint8Array) return key.join()
  const simple = key === null || (typeof key !== 'object' && typeof key !== 'function' && typeof key !== 'symbol')
  expectUsage(simple, 'a key', 'a string, number, bigint, boolean, null or Uint8Array', key)
  return key
}
