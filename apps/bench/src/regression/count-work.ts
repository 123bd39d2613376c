import { createHook } from 'node:async_hooks'

/** The promises and timers of a run. Each costs memory and time, independent of the load of the machine. */
export interface Work {
  readonly promises: number
  readonly timers: number
}

const TIMERS = new Set(['Timeout', 'Immediate'])

/** Counts the promises and timers of this process until `f` is done. Nothing else may run meanwhile. */
export async function countWork(f: () => Promise<unknown>): Promise<Work> {
  let [promises, timers] = [0, 0]
  const hook = createHook({
    init(_, type) {
      if (type === 'PROMISE') promises += 1
      else if (TIMERS.has(type)) timers += 1
    },
  })
  hook.enable()
  try {
    await f()
  } finally {
    hook.disable()
  }
  return { promises, timers }
}
