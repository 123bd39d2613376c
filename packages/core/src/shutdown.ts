import type { LaneRun } from './lane.ts'
import { deferred } from './promises.ts'
import type { Host } from './protocol.ts'

/** A graceful end against the clock: it starts with `begin`, and from then on everything has its time. */
export interface Shutdown {
  /** Aborted at once: reading has to end. */
  readonly reading: AbortSignal
  /** Aborted when most of the time has passed: whatever honours it should give up. */
  readonly signal: AbortSignal
  /** Resolves at once. */
  readonly begun: Promise<void>
  readonly undone: readonly string[]
  begin(): void
  /** Waits for what is in flight, as long as there is time. */
  drained(lanes: readonly LaneRun[]): Promise<void>
  /** Waits for a step of the end, as long as there is time; before `begin` there is. */
  within(what: string, pending: Promise<void>): Promise<void>
  /** Everything is over: stops the clock. */
  end(): void
}

export function createShutdown(host: Host, shutdownMs: number): Shutdown {
  const reading = new AbortController()
  const handling = new AbortController()
  const begun = deferred()
  const late = deferred()
  const over = deferred<boolean>()
  const undone: string[] = []
  const cancels: (() => void)[] = []
  const after = (share: number, f: () => void) => void cancels.push(host.setTimeout(f, shutdownMs * share))
  const abort = () => handling.abort()

  return {
    reading: reading.signal,
    signal: handling.signal,
    begun: begun.promise,
    undone,
    begin() {
      reading.abort()
      begun.resolve()
      // Handlers are told, nobody waits for them any more, nobody waits for anything any more.
      after(0.8, abort)
      after(0.9, late.resolve)
      after(1, () => over.resolve(true))
    },
    async drained(lanes) {
      // What a source still gives when it is told to end is handled as well.
      await host.yield()
      await Promise.race([Promise.all(lanes.map((lane) => lane.idle())), late.promise])
      for (const { id, busy, names } of lanes) if (busy > 0) undone.push(`${busy} in flight in ${names} (lane ${id})`)
    },
    async within(what, pending) {
      if (await Promise.race([pending, over.promise])) undone.push(what)
    },
    end() {
      for (const cancel of cancels) cancel()
      abort()
    },
  }
}
