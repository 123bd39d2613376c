import { createHook } from 'node:async_hooks'

/** What was made while something ran: each costs memory and time, however busy the machine is. */
export interface Work {
  readonly promises: number
  readonly timers: number
}

const TIMERS = new Set(['Timeout', 'Immediate'])

/** Counts what is made in this process until `f` is done. Nothing else may run meanwhile. */
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
