import process from 'node:process'

/** What keeps a process alive, or is told of what happens to it: how many of each there are. */
export type Holdings = ReadonlyMap<string, number>

/** What there is in this process: timers, sockets and the like, and the listeners of the process itself. */
export function holdings(): Holdings {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  for (const event of process.eventNames()) counts.set(`listener of ${String(event)}`, process.listenerCount(event))
  return counts
}

/** What there is more of than before, in words. */
export function leftovers(before: Holdings, after: Holdings): readonly string[] {
  return [...after].flatMap(([kind, count]) => {
    const more = count - (before.get(kind) ?? 0)
    return more > 0 ? [`${more} ${kind}`] : []
  })
}
