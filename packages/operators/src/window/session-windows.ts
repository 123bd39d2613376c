import type { OperatorKey } from '@snapstream/core/adapter'
import { expectSum } from '../message.ts'
import { numbersCodec } from '../numbers-codec.ts'
import type { TimeWindows, TimeWindowsOptions } from './time-windows.ts'
import { windowKey } from './window-key.ts'
import type { SessionSpec } from './window-options.ts'

/** The area with the open sessions of each key: start and last message of each, in order. */
const SESSIONS = 'sessions'

/** Sessions: each message joins those that are at most `gapMs` away. */
export function createSessionWindows<K extends OperatorKey, V, M>(
  { gapMs, merge }: SessionSpec<V>,
  { graceMs, fold, updated, over }: TimeWindowsOptions<K, V, M>,
): TimeWindows<K, V, M> {
  /** After the last message of a session: from this time on it is over. */
  const overMs = 1 + gapMs + graceMs

  return {
    add(part, key, message, time) {
      const { entries } = part
      const area = part.area<K, readonly number[]>(SESSIONS, numbersCodec)
      const sessions = area.getSync(key) ?? []
      const others: number[] = []
      const replaces: number[] = []
      let [start, last] = [time, time]
      let value: V | undefined
      for (let i = 0; i < sessions.length; i += 2) {
        const [from, to] = [sessions[i] as number, sessions[i + 1] as number]
        if (from - gapMs > time || to + gapMs < time) {
          others.push(from, to)
          continue
        }
        const id = windowKey(key, from)
        const own = entries.getSync(id) as V
        value = value === undefined ? own : expectSum(merge(value, own), 'merge of window')
        start = Math.min(start, from)
        last = Math.max(last, to)
        replaces.push(from)
        part.deleteTimer('event', to + overMs, key)
        entries.del(id)
      }
      if (replaces.length === 0 && last + overMs <= part.time) return true
      value = fold(value, message)
      entries.put(windowKey(key, start), value)
      part.setTimer('event', last + overMs, key)
      area.put(key, sorted([...others, start, last]))
      const replaced = replaces.filter((from) => from !== start)
      updated({ key, start, end: last + 1, value, ...(replaced.length > 0 && { replaces: replaced }) }, time)
      return false
    },
    fire(part, key, time) {
      const { entries } = part
      const area = part.area<K, readonly number[]>(SESSIONS, numbersCodec)
      const last = time - overMs
      const sessions = area.getSync(key) ?? []
      const at = sessions.findIndex((one, i) => i % 2 === 1 && one === last) - 1
      if (at < 0) return
      const start = sessions[at] as number
      const left = sessions.toSpliced(at, 2)
      if (left.length > 0) area.put(key, left)
      else area.del(key)
      const id = windowKey(key, start)
      const value = entries.getSync(id) as V
      entries.del(id)
      over({ key, start, end: last + 1, value })
    },
  }
}

/** Pairs of start and end in the order of the starts. They do not overlap, so all numbers are in order. */
function sorted(sessions: readonly number[]): readonly number[] {
  return sessions.toSorted((a, b) => a - b)
}
