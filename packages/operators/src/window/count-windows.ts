import type { OperatorKey, OperatorPart } from '@snapstream/core/adapter'
import { numbersCodec } from '../numbers-codec.ts'
import { windowKey } from './window-key.ts'
import type { CountSpec, Windowed } from './window-options.ts'

/** The area with the number of messages of the open window of each key, and its first and last time. */
const COUNTS = 'counts'

interface CountWindowsOptions<K, V, M> {
  readonly fold: (value: V | undefined, message: M) => V
  readonly updated: (window: Windowed<K, V>, time: number) => void
  readonly over: (window: Windowed<K, V>) => void
}

/** Windows of so many messages of a key. Returns the function that adds one. */
export function createCountWindows<K extends OperatorKey, V, M>(
  { count }: CountSpec,
  { fold, updated, over }: CountWindowsOptions<K, V, M>,
): (part: OperatorPart<string, V>, key: K, message: M, time: number) => void {
  return (part, key, message, time) => {
    const { entries } = part
    const area = part.area<K, readonly number[]>(COUNTS, numbersCodec)
    const id = windowKey(key, 0)
    const [n = 0, first = time, last = time] = area.getSync(key) ?? []
    const start = Math.min(first, time)
    const end = Math.max(last, time) + 1
    const value = fold(entries.getSync(id), message)
    updated({ key, start, end, value }, time)
    if (n + 1 < count) {
      entries.put(id, value)
      area.put(key, [n + 1, start, end - 1])
      return
    }
    entries.del(id)
    area.del(key)
    over({ key, start, end, value })
  }
}
