import type { NotLoaded, OperatorPart, OperatorStore } from '../../adapter/operator-state.ts'
import { platformHost } from '../../host.ts'
import type { Lane, LaneState, Origin } from '../../protocol.ts'
import type { OperatorStorePlace } from './conformance-options.ts'

type Part = OperatorPart<string>

/** A message in flight. */
interface Flight {
  readonly origin: Origin
  /** Runs a step, again and again until everything that it needs is in memory. */
  step<T>(run: (part: Part) => T): Promise<T>
  /** Undoes the attempt, and begins another. */
  retry(): void
  /** The message counts as handled. */
  release(): Promise<void>
  /** Undoes the attempt; the message counts as handled. */
  skip(): Promise<void>
}

/** A process with the store, run by a test in place of the engine. */
export interface OperatorProcess {
  readonly store: OperatorStore<string>
  open(lane: Lane): Promise<void>
  close(lane: Lane, reason?: 'revoked' | 'lost'): void
  begin(lane: Lane): Flight
  /** Handles a message: begins it, runs a step, and releases it. */
  handle<T>(lane: Lane, run: (part: Part) => T): Promise<T>
  checkpoint(): Promise<void>
  abort(): void
  /** Ends it. */
  end(): Promise<void>
}

export async function startOperatorProcess(place: OperatorStorePlace): Promise<OperatorProcess> {
  const store = place.store()
  const { source } = place
  const access = store['~snapstream.operator']
  await store.open()
  const writer = await store['~snapstream.sink']({
    signal: new AbortController().signal,
    host: platformHost(),
    scope: new Map<unknown, unknown>(),
    sources: [source],
    trouble(error) {
      throw error
    },
  })
  const state = writer.state as LaneState
  const given = new Map<Lane, AbortController>()
  let id = 0
  let messages = 0

  async function load<T>(message: unknown, run: (part: Part) => T): Promise<T> {
    for (;;)
      try {
        return run(access.of(message))
      } catch (thrown) {
        const loading = (thrown as Partial<NotLoaded> | undefined)?.['~snapstream.loading']
        if (loading === undefined) throw thrown
        access.of(message).undo()
        await loading
      }
  }

  const process: OperatorProcess = {
    store,
    async open(lane) {
      const controller = new AbortController()
      given.set(lane, controller)
      await state.open(source, lane, controller.signal)
    },
    close(lane, reason = 'revoked') {
      given.get(lane)?.abort()
      state.close(source, lane, reason)
    },
    begin(lane) {
      const message = { number: ++messages }
      const origin: Origin = { message, source, lane, timestamp: undefined, headers: undefined }
      state.begin(origin)
      return {
        origin,
        step: (run) => load(message, run),
        retry() {
          state.undo(origin)
          state.begin(origin)
        },
        async release() {
          await state.release(origin)
        },
        async skip() {
          state.undo(origin)
          await state.release(origin)
        },
      }
    },
    async handle(lane, run) {
      const flight = process.begin(lane)
      const result = await flight.step(run)
      await flight.release()
      return result
    },
    async checkpoint() {
      const checkpoint = { id: ++id, positions: new Map() }
      state.prepare(checkpoint)
      writer.prepare?.(checkpoint)
      place.prepare?.()
      await place.commit?.()
      await writer.flush(checkpoint)
      await state.commit(checkpoint)
    },
    abort() {
      place.abort?.()
      state.abort()
    },
    async end() {
      await writer.close?.()
      await store.close()
    },
  }
  return process
}
