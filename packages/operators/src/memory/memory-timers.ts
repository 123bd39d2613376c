import { compareKeys } from '@snapstream/core/adapter'
import type { OperatorKey, OperatorTimer } from '@snapstream/core/adapter'
import type { Undoable } from './journal.ts'
import { keyId } from './key-id.ts'

/** The timers of one kind of a part in memory, in the order of times, then keys. */
export interface MemoryTimers extends Undoable {
  /** Identifies a timer. */
  idOf(time: number, key: OperatorKey): string
  /** The first timer; undefined: none. */
  first(): OperatorTimer | undefined
}

export function createMemoryTimers(): MemoryTimers {
  const set = new Map<string, OperatorTimer>()
  /** All of them, latest first, so that the first one is taken from the end; also some that are in `set` no more. */
  const sorted: OperatorTimer[] = []

  function insert(timer: OperatorTimer): void {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareTimers(sorted[middle] as OperatorTimer, timer) > 0) low = middle + 1
      else high = middle
    }
    sorted.splice(low, 0, timer)
  }

  return {
    idOf: (time, key) => `${time}/${typeof key}/${String(keyId(key))}`,
    current: (id) => set.get(id as string),
    restore(id, value) {
      const timer = value as OperatorTimer | undefined
      set.delete(id as string)
      if (timer === undefined) return
      set.set(id as string, timer)
      insert(timer)
    },
    first() {
      for (let last = sorted.at(-1); last !== undefined; last = sorted.at(-1)) {
        const { time, key } = last
        if (set.get(this.idOf(time, key)) === last) return last
        sorted.pop()
      }
      return undefined
    },
  }
}

function compareTimers(a: OperatorTimer, b: OperatorTimer): number {
  return a.time - b.time || compareKeys(a.key, b.key)
}
