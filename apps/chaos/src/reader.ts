import { clock } from './clock.ts'
import { followTopic } from './follow-topic.ts'
import type { Arrivals } from './judge/reader-stalls.ts'

export interface Reader {
  readonly arrivals: Arrivals
  /** Whether it has got a record of each key since a time. */
  hasAllSince(time: number): boolean
  close(): Promise<void>
}

/** Reads a topic as its users do, and notes when records arrive. */
export function startReader(brokers: string, name: string): Reader {
  const arrivals = new Map<string, number[]>()
  const close = followTopic(brokers, name, ({ key }) => {
    const now = clock()
    const name = Buffer.from(key ?? []).toString()
    const times = arrivals.get(name)
    if (times === undefined) arrivals.set(name, [now])
    // Records of one batch arrive at one time.
    else if (now - (times.at(-1) ?? 0) > 1) times.push(now)
  })
  return {
    arrivals,
    hasAllSince: (time) => [...arrivals.values()].every((times) => (times.at(-1) ?? 0) > time),
    close,
  }
}
