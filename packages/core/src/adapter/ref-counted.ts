/** Something that many share: the first `open` opens it, and it closes when every `open` had its `close`. */
export interface RefCounted<T> {
  /** How many have it open, or are opening it. */
  readonly users: number
  /** Resolves with the shared value. Calls at the same time share one opening, and its failure. */
  open(): Promise<T>
  /** To be called once for each `open` that succeeded. Resolves at once while others still have it open. */
  close(): Promise<void>
}

interface Session<T> {
  users: number
  readonly opened: Promise<T>
}

/** Opening and closing never overlap, whatever the order of the calls. After a failed opening the next `open` tries again. */
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
      // It may still be closing for another user.
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
