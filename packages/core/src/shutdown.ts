import type { Plan } from './plan.ts'
import { deferred } from './promises.ts'
import type { Host } from './protocol.ts'

/** The parts of `shutdownMs` after which handlers are told, after which nobody waits for them, and after which it ends. */
const STAGES = [0.8, 0.9, 1]

/** A graceful end against the clock: it starts with `begin`, and from then on everything has its time. */
export interface Shutdown {
  /** Aborted at once: reading has to end. */
  readonly reading: AbortSignal
  /** Aborted when most of the time has passed: whatever honours it should give up. */
  readonly signal: AbortSignal
  readonly undone: readonly string[]
  begin(): void
  /** Waits for what is in flight, as long as there is time. */
  drained(plan: Plan): Promise<void>
  /** Waits for a step of the end, as long as there is time; before `begin` there is. */
  within(what: string, pending: Promise<void> | undefined): Promise<void>
  /** Everything is over: stops the clock. */
  end(): void
}

export function createShutdown(host: Host, shutdownMs: number): Shutdown {
  const reading = new AbortController()
  const handling = new AbortController()
  const [tell, giveUp, over] = STAGES.map(() => deferred()) as [Stage, Stage, Stage]
  const undone: string[] = []
  let cancels: (() => void)[] = []
  const abort = () => handling.abort()
  void tell.promise.then(abort)

  return {
    reading: reading.signal,
    signal: handling.signal,
    undone,
    begin() {
      reading.abort()
      cancels = [tell, giveUp, over].map(({ resolve }, i) =>
        host.setTimeout(resolve, shutdownMs * (STAGES[i] as number)),
      )
    },
    async drained({ sources }) {
      // What a source still gives when it is told to end is handled as well.
      await host.yield()
      const idle = Promise.all(sources.flatMap(({ lanes }) => lanes.map((lane) => lane.idle())))
      await Promise.race([idle, giveUp.promise])
      for (const { id, busy, names } of sources.flatMap(({ lanes }) => lanes))
        if (busy > 0) undone.push(`${busy} in flight in ${names} (lane ${id})`)
    },
    async within(what, pending) {
      const late = await Promise.race([pending, over.promise.then(() => true)])
      if (late) undone.push(what)
    },
    end() {
      for (const cancel of cancels) cancel()
      abort()
    },
  }
}

type Stage = ReturnType<typeof deferred<void>>
