import process from 'node:process'

/** The number of active resources and of listeners of the process, by kind. */
export type Holdings = ReadonlyMap<string, number>

/** Counts the active resources (timers, sockets) and the listeners of this process. */
export function holdings(): Holdings {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  for (const event of process.eventNames()) counts.set(`listener of ${String(event)}`, process.listenerCount(event))
  return counts
}

/** The kinds whose number has increased, in words. */
export function leftovers(before: Holdings, after: Holdings): readonly string[] {
  return [...after].flatMap(([kind, count]) => {
    const more = count - (before.get(kind) ?? 0)
    return more > 0 ? [`${more} ${kind}`] : []
  })
}
