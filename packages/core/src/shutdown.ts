import { deferred } from './promises.ts'
import type { Plan } from './plan.ts'
import type { Host } from './protocol.ts'

/** The parts of `shutdownMs` after which handlers are told, after which nobody waits for them, and after which it ends. */
const TELL = 0.8
const GIVE_UP = 0.9

/** A graceful end against the clock: it starts with `begin`, and from then on everything has its time. */
export interface Shutdown {
  /** Aborted at once: reading has to end. */
  readonly reading: AbortSignal
  /** Aborted when most of the time has passed: whatever honours it should give up. */
  readonly signal: AbortSignal
  readonly begun: boolean
  readonly undone: readonly string[]
  /** Starts the clock; false if it runs already. */
  begin(): boolean
  /** Waits for what is in flight, as long as there is time. */
  drained(plan: Plan): Promise<void>
  /** Waits for a step of the end, as long as there is time; without a shutdown under way there is. */
  within(what: string, pending: Promise<void> | undefined): Promise<void>
  /** Everything is over: stops the clock. */
  end(): void
}

export function createShutdown(host: Host, shutdownMs: number): Shutdown {
  const reading = new AbortController()
  const handling = new AbortController()
  const givenUp = deferred()
  const over = deferred()
  const undone: string[] = []
  const cancels: (() => void)[] = []
  let begun = false

  return {
    reading: reading.signal,
    signal: handling.signal,
    get begun() {
      return begun
    },
    undone,
    begin() {
      if (begun) return false
      begun = true
      reading.abort()
      cancels.push(
        host.setTimeout(() => handling.abort(), shutdownMs * TELL),
        host.setTimeout(() => givenUp.resolve(), shutdownMs * GIVE_UP),
        host.setTimeout(() => over.resolve(), shutdownMs),
      )
      return true
    },
    async drained({ sources, bindings }) {
      // What a source still gives when it is told to end is handled as well.
      await host.yield()
      const lanes = sources.flatMap((source) => [...source.lanes])
      await Promise.race([Promise.all(lanes.map((lane) => lane.idle())), givenUp.promise])
      for (const source of sources)
        for (const lane of source.lanes) {
          if (lane.busy === 0) continue
          const names = bindings.filter((binding) => binding.sources.includes(source)).map(({ name }) => name)
          undone.push(`${lane.busy} in flight in ${names.join(', ')} (lane ${lane.id})`)
        }
    },
    async within(what, pending) {
      if (pending === undefined) return
      const late = Symbol('late')
      const first = await Promise.race([pending, over.promise.then(() => late)])
      if (first === late) undone.push(what)
    },
    end() {
      for (const cancel of cancels) cancel()
      handling.abort()
    },
  }
}
