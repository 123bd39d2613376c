import type { Host, MaybePromise } from '../protocol.ts'
import { isThenable } from '../adapter/thenable.ts'
import { deferred } from '../adapter/deferred.ts'

/** Awaited forever: the process that would go on is dead. */
const NEVER = new Promise<never>(() => {})

/** The owner of a pending call: the user's functions, or sources and sinks. */
type Party = 'functions' | 'adapters'

/** The life of one run: it can end between any two steps, and after that nothing of it has an effect. */
export interface Mortal {
  /** The host of the run: with its death all its timers are gone. */
  readonly host: Host
  /** How many timers the run has set. */
  readonly timers: number
  /** How many calls have not been answered. */
  readonly pending: Readonly<Record<Party, number>>
  /** Counts every call and every answer. */
  readonly steps: number
  /** Calls, unless the run is dead: then the answer never comes. Counts what answers with a promise. */
  call<T>(party: Party, f: () => T): T
  /** The same, and remembers what has to be closed. */
  open<T>(open: () => MaybePromise<T>, close: (opened: T) => unknown): MaybePromise<T>
  /** What the life answers to others: with its death they wait no longer, as for a process that is gone. */
  answer<T>(pending: MaybePromise<T>): MaybePromise<T | void>
  /** Closes what was opened, if that was not done before. */
  close(opened: unknown): MaybePromise<void>
  /** Ends it, and lets go of everything that was opened. */
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

  /** An answer after the end is ignored. */
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
        // One that dies while it opens is closed when it is open.
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
