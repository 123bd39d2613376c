import { compareKeys, type OperatorTimer } from '@snapstream/core/adapter'

/**
 * The first timers of a part in memory, in the order of times, then keys. Those behind `end` are on disk only. It is an array:
 * most timers are later than those before them, and are taken from the front.
 */
export class TimerList {
  /** The last timer of which it is known that all before it are in memory; undefined: all are. */
  end: OperatorTimer | undefined
  private items: OperatorTimer[] = []
  /** The index of the first timer. Those before it were taken. */
  private head = 0

  /** The number of timers. */
  get size(): number {
    return this.items.length - this.head
  }

  get first(): OperatorTimer | undefined {
    return this.items[this.head]
  }

  /** Whether the timer would be in memory. */
  covers(timer: OperatorTimer): boolean {
    return this.end === undefined || compareTimers(timer, this.end) <= 0
  }

  /** Adds a timer, unless it has it already. */
  add(timer: OperatorTimer): void {
    const { items } = this
    if (this.size === 0 || compareTimers(items.at(-1)!, timer) < 0) {
      items.push(timer)
      return
    }
    const at = this.indexOf(timer)
    if (compareTimers(items[at]!, timer) !== 0) items.splice(at, 0, timer)
  }

  /** Removes a timer, if it has it. */
  remove(timer: OperatorTimer): void {
    const at = this.indexOf(timer)
    const found = this.items[at]
    if (found === undefined || compareTimers(found, timer) !== 0) return
    if (at === this.head) this.shift()
    else this.items.splice(at, 1)
  }

  /** Removes the first timer. */
  shift(): void {
    // The array keeps no timer that is gone.
    this.items[this.head++] = NONE
    if (this.head < this.items.length && this.head < 1024) return
    this.items.splice(0, this.head)
    this.head = 0
  }

  /** Keeps the first timers. */
  truncate(size: number): void {
    if (this.size <= size) return
    this.items.length = this.head + size
    this.end = this.items.at(-1)
  }

  clear(): void {
    this.items = []
    this.head = 0
    this.end = undefined
  }

  /** The index of the timer, or that of the first one behind it. */
  private indexOf(timer: OperatorTimer): number {
    let from = this.head
    let to = this.items.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if (compareTimers(this.items[middle]!, timer) < 0) from = middle + 1
      else to = middle
    }
    return from
  }
}

const NONE: OperatorTimer = { time: NaN, key: '' }

function compareTimers(one: OperatorTimer, other: OperatorTimer): number {
  return one.time === other.time ? compareKeys(one.key, other.key) : one.time - other.time
}
