import type { Host } from '../host.ts'
import type { MaybePromise } from '../protocol.ts'
import { deferred, isThenable } from '../adapter/promise.ts'

/** Never settles: the process that would go on is dead. */
const NEVER = new Promise<never>(() => {})

/** The owner of a pending call: the user's functions, or sources and sinks. */
type Party = 'functions' | 'adapters'

/** The simulated process of one run. It can die between any two steps, and the run has no effect afterwards. */
export interface Mortal {
  /** The host of the run. The death cancels all its timers. */
  readonly host: Host
  /** The number of timers that the run has set. */
  readonly timers: number
  /** The number of pending calls. */
  readonly pending: Readonly<Record<Party, number>>
  /** The number of calls and of settled promises so far. */
  readonly steps: number
  /** Calls a function, and counts the call as pending until its promise settles. After the death, returns a pending promise instead. */
  call<T>(party: Party, f: () => T): T
  /** Calls a function that opens an object, and remembers how to close it. */
  open<T>(open: () => MaybePromise<T>, close: (opened: T) => unknown): MaybePromise<T>
  /** Passes an answer of the engine to an adapter. Resolves at the death, as an adapter does not wait for a dead process. */
  answer<T>(pending: MaybePromise<T>): MaybePromise<T | void>
  /** Closes an opened object, unless it is closed already. */
  close(opened: unknown): MaybePromise<void>
  /** Ends the run, and closes all opened objects. */
  kill(): void
}

export function createMortal(host: Host): Mortal {
  const pending: Record<Party, number> = { functions: 0, adapters: 0 }
  const timers = new Set<() => void>()
  const closers = new Map<unknown, () => unknown>()
  const death = deferred()
  let steps = 0
  let dead = false

  function call<T>(party: Party, f: () => T): T {
    if (dead) return NEVER as T
    steps++
    const answer = f()
    if (!isThenable(answer)) return answer
    pending[party]++
    const answered = () => {
      steps++
      pending[party]--
    }
    answer.then(answered, answered)
    return dieWith(answer) as T
  }

  /** Ignores a result that comes after the death. */
  const dieWith = async (answer: PromiseLike<unknown>) => {
    try {
      const value = await answer
      return dead ? await NEVER : value
    } catch (error) {
      throw dead ? await NEVER : error
    }
  }

  function setTimeout(f: () => void, ms: number): () => void {
    if (dead) return () => {}
    const cancel = host.setTimeout(() => {
      timers.delete(cancel)
      f()
    }, ms)
    timers.add(cancel)
    return () => {
      timers.delete(cancel)
      cancel()
    }
  }

  return {
    host: {
      now: () => host.now(),
      monotonic: () => host.monotonic(),
      setTimeout,
      random: () => host.random(),
      yield: () => new Promise((resolve) => void setTimeout(resolve, 0)),
      exit: (code) => void (dead || host.exit?.(code)),
      onSignal: (f) => host.onSignal(() => dead || f()),
    },
    get timers() {
      return timers.size
    },
    pending,
    get steps() {
      return steps
    },
    call,
    open(open, close) {
      return call('adapters', () => {
        const id = {}
        const opened = open()
        const remember = <T>(made: T) => {
          closers.delete(id)
          closers.set(made, () => close(made as never))
          return made
        }
        if (!isThenable(opened)) return remember(opened)
        const made = Promise.resolve(opened)
        // If the run dies during the opening, the object is closed once it is open.
        closers.set(id, () => made.then(close, () => {}))
        return made.then((value) => (dead ? value : remember(value)))
      })
    },
    answer: (pending) => (isThenable(pending) ? Promise.race([pending, death.promise]) : pending),
    close(opened) {
      const close = closers.get(opened)
      closers.delete(opened)
      return call('adapters', () => close?.() as MaybePromise<void>)
    },
    kill() {
      dead = true
      death.resolve()
      for (const cancel of timers) cancel()
      timers.clear()
      for (const close of [...closers.values()].toReversed()) {
        // After the death nothing handles the error.
        void (async () => close())().catch(() => {})
      }
      closers.clear()
    },
  }
}
