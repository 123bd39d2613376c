export interface Lifecycle {
  open(): Promise<void>
  close(): Promise<void>
}

interface Session {
  users: number
  readonly opened: Promise<void>
}

/**
 * Counts opens and closes: `start` runs for the first `open`, `stop` when every open has had its close. They never
 * overlap, whatever the order of the calls; concurrent opens share one `start` and its failure.
 */
export function createLifecycle(start: () => Promise<void>, stop: () => Promise<void>): Lifecycle {
  let session: Session | undefined
  let last: Promise<unknown> = Promise.resolve()

  function after<T>(step: () => Promise<T>): Promise<T> {
    const run = last.then(step)
    last = run.catch(() => {})
    return run
  }

  return {
    async open() {
      const joined = (session ??= { users: 0, opened: after(start) })
      joined.users++
      try {
        await joined.opened
      } catch (error) {
        if (session === joined) session = undefined
        throw error
      }
    },
    async close() {
      const left = session
      // Nobody has it open; it may still be closing for somebody else.
      if (left === undefined) {
        await last
        return
      }
      if (--left.users > 0) return
      session = undefined
      await after(async () => {
        const isOpen = await left.opened.then(
          () => true,
          () => false,
        )
        if (isOpen) await stop()
      })
    },
  }
}
