/** A shared value: the first `open` opens it, and it closes once each `open` was followed by a `close`. */
export interface RefCounted<T> {
  /** The number of users that have opened the value or are opening it. */
  readonly users: number
  /** Resolves with the shared value. Concurrent calls share one opening: if it fails, all of them reject with its error. */
  open(): Promise<T>
  /**
   * Call it once for each `open` that succeeded. Resolves when the value is closed, or at once while it has other users.
   * Rejects if closing fails.
   */
  close(): Promise<void>
}

interface Session<T> {
  users: number
  readonly opened: Promise<T>
}

/**
 * Makes a `RefCounted` of the functions that open and close the value. Opening and closing never overlap, whatever the order
 * of the calls. After a failed opening, the next `open` tries again.
 */
export function refCounted<T>(open: () => Promise<T>, close: (value: T) => Promise<void>): RefCounted<T> {
  let session: Session<T> | undefined
  let last: Promise<unknown> = Promise.resolve()

  function after<R>(step: () => Promise<R>): Promise<R> {
    const run = last.then(step)
    last = run.catch(() => {})
    return run
  }

  return {
    get users() {
      return session?.users ?? 0
    },
    async open() {
      const joined = (session ??= { users: 0, opened: after(open) })
      joined.users++
      try {
        return await joined.opened
      } catch (error) {
        if (session === joined) session = undefined
        throw error
      }
    },
    async close() {
      const left = session
      // The value may still be closing for another user.
      if (left === undefined) return void (await last)
      if (--left.users > 0) return
      session = undefined
      await after(async () => {
        const value = await left.opened.then(
          (opened) => ({ opened }),
          () => undefined,
        )
        if (value) await close(value.opened)
      })
    },
  }
}
