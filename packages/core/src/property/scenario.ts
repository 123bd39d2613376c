import fc from 'fast-check'

/** Enough virtual time to finish all messages in flight, in ms. */
export const ENOUGH_MS = 25_000

/** One random run of the engine: its messages, handlers and sinks, and the events during the run. Times are virtual ms. */
export interface Scenario {
  /** Sources with lanes; each lane holds the keys of its messages. */
  readonly logs: readonly { readonly lanes: readonly (readonly number[])[] }[]
  readonly bindings: readonly BindingPlan[]
  readonly sink: { readonly writeMs: number; readonly flushMs: number; readonly failAtFlush: number }
  /** How long the parts of the state take to open, in turn; empty: there is no state. */
  readonly openMs: readonly number[]
  readonly reader: { readonly batch: number; readonly readMs: number; readonly commitMs: number }
  readonly events: readonly Event[]
  /** The number of apps that share the sources as one group. */
  readonly members: number
  readonly checkpointMs: number
  readonly shutdownMs: number
}

export interface BindingPlan {
  /** The sources that it reads, as indexes into `logs`, modulo their number. */
  readonly reads: readonly number[]
  readonly concurrency: number
  readonly onError: 'stop' | 'skip' | 'retry' | 'bury'
  readonly retries: number
  /** The behaviours of the handler; the place of a message picks one. */
  readonly behaviours: readonly Behaviour[]
}

export interface Behaviour {
  /** 0: the handler returns no promise. */
  readonly handleMs: number
  readonly outputs: number
  /** `async`: each output comes `handleMs` after the one before it. */
  readonly generator: 'none' | 'sync' | 'async'
  /** Whether it rejects when its signal is aborted. */
  readonly heeds: boolean
  /** How many attempts of the handler fail before one succeeds. */
  readonly handlerFails: number
  /** How many writes of its first output the sink refuses before it takes one. */
  readonly sinkFails: number
}

interface Event {
  readonly at: number
  /** `clock`: the time of day steps, by hours. */
  readonly kind: 'revoke' | 'lose' | 'stop' | 'clock'
  readonly log: number
  readonly lane: number
  readonly member: number
}

export const openings: fc.Arbitrary<readonly number[]> = fc.array(
  fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 150 })),
  { maxLength: 3 },
)

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  handleMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 })),
  outputs: fc.integer({ min: 0, max: 2 }),
  generator: fc.constantFrom('none', 'sync', 'async'),
  heeds: fc.boolean(),
  handlerFails: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
  sinkFails: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
})

const binding: fc.Arbitrary<BindingPlan> = fc.record({
  reads: fc.uniqueArray(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 2 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
  onError: fc.constantFrom('stop', 'skip', 'retry', 'retry', 'bury', 'bury'),
  retries: fc.integer({ min: 0, max: 3 }),
  behaviours: fc.array(behaviour, { minLength: 1, maxLength: 5 }),
})

const event: fc.Arbitrary<Event> = fc.record({
  at: fc.integer({ min: 0, max: 400 }),
  kind: fc.constantFrom('revoke', 'revoke', 'lose', 'stop', 'stop', 'clock'),
  log: fc.integer({ min: 0, max: 1 }),
  lane: fc.integer({ min: 0, max: 2 }),
  member: fc.integer({ min: 0, max: 1 }),
})

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  logs: fc.array(
    fc.record({
      lanes: fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 8 }), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  bindings: fc.array(binding, { minLength: 1, maxLength: 3 }),
  sink: fc.record({
    writeMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10 })),
    flushMs: fc.integer({ min: 0, max: 60 }),
    failAtFlush: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
    ),
  }),
  openMs: openings,
  reader: fc.record({
    batch: fc.integer({ min: 1, max: 4 }),
    readMs: fc.integer({ min: 0, max: 5 }),
    commitMs: fc.integer({ min: 0, max: 30 }),
  }),
  events: fc.array(event, { maxLength: 4 }),
  members: fc.integer({ min: 1, max: 2 }),
  checkpointMs: fc.integer({ min: 5, max: 100 }),
  shutdownMs: fc.oneof(fc.constant(ENOUGH_MS), fc.integer({ min: 0, max: 50 })),
})
