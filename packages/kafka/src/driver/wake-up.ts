/** Lets one waiter sleep until something happened since it last looked. */
export interface WakeUp {
  wake(): void
  /** Resolves at the next `wake`, at once if there was one since the last wait. */
  wait(): Promise<void>
}

export function wakeUp(): WakeUp {
  let woken = false
  let resolve: (() => void) | undefined
  return {
    wake() {
      woken = true
      resolve?.()
      resolve = undefined
    },
    async wait() {
      if (!woken)
        await new Promise<void>((r) => {
          resolve = r
        })
      woken = false
    },
  }
}
