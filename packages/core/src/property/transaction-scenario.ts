import fc from 'fast-check'
import { ENOUGH_MS, openings } from './scenario.ts'

/** One random run of bindings that feed a transaction: what is read, how it is handled, and what goes wrong. Times are virtual ms. */
export interface TransactionScenario {
  /** The keys of the messages of each lane; one list for each source. A binding of its own reads each source. */
  readonly logs: readonly (readonly (readonly number[])[])[]
  readonly bindings: readonly TransactionBinding[]
  readonly sink: {
    readonly flows: boolean
    readonly prepareMs: number
    readonly flushMs: number
    readonly abortMs: number
    /** The numbers of the flushes whose transaction is aborted, in each run. */
    readonly aborts: readonly number[]
    /** The number of the flush that fails in the first runs; 0: none. */
    readonly failAtFlush: number
  }
  /** How long the parts of the state take to open, in turn; empty: there is no state. */
  readonly openMs: readonly number[]
  readonly reader: { readonly batch: number; readonly readMs: number; readonly rewindMs: number }
  readonly events: readonly TransactionEvent[]
  readonly ticks: readonly TransactionTick[]
  /** Lanes are ticked also when they move, and when a transaction was aborted. */
  readonly ticksAtOnce: boolean
  /** The number of apps that share the sources as one group. */
  readonly members: number
  readonly checkpointMs: number
  readonly shutdownMs: number
}

interface TransactionBinding {
  readonly concurrency: number
  readonly onError: 'stop' | 'skip' | 'retry' | 'bury'
  readonly retries: number
  /** The behaviours of the handler; the place of a message picks one. */
  readonly behaviours: readonly TransactionBehaviour[]
}

export interface TransactionBehaviour {
  /** 0: the handler returns no promise. */
  readonly handleMs: number
  readonly outputs: number
  readonly generator: boolean
  /** How many attempts of the handler fail before one succeeds, in all runs together. It fails behind its first output. */
  readonly handlerFails: number
  /** How many writes of its first output the sink refuses at once. */
  readonly sinkFails: number
  /** How many times the sink refuses its only output later, before a flush. */
  readonly lateFails: number
}

/** A step without a message, which writes one value. */
export interface TransactionTick {
  readonly at: number
  readonly log: number
  readonly lane: number
  readonly member: number
  readonly handleMs: number
  /** How many attempts fail before one succeeds. */
  readonly fails: number
}

interface TransactionEvent {
  readonly at: number
  /** `lose`: the lane moves, and its member is told `tellMs` later. `kill`: no call of the member has an effect any more. */
  readonly kind: 'revoke' | 'lose' | 'pause' | 'kill' | 'stop'
  readonly log: number
  readonly lane: number
  /** The member that gets the lane, or that is killed or stopped. */
  readonly member: number
  readonly tellMs: number
}

const rarely = <T>(arbitrary: fc.Arbitrary<T>, otherwise: T) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary })

const behaviour: fc.Arbitrary<TransactionBehaviour> = fc.record({
  handleMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 })),
  outputs: fc.integer({ min: 0, max: 2 }),
  generator: fc.boolean(),
  handlerFails: rarely(fc.integer({ min: 1, max: 3 }), 0),
  sinkFails: rarely(fc.integer({ min: 1, max: 2 }), 0),
  lateFails: rarely(fc.integer({ min: 1, max: 2 }), 0),
})

export const transactionScenarios: fc.Arbitrary<TransactionScenario> = fc.record({
  logs: fc.array(fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 8 }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 2,
  }),
  bindings: fc.tuple(
    ...[0, 1].map(() =>
      fc.record({
        concurrency: fc.integer({ min: 1, max: 3 }),
        onError: fc.constantFrom('stop' as const, 'skip', 'retry', 'retry', 'bury', 'bury'),
        retries: fc.integer({ min: 0, max: 3 }),
        behaviours: fc.array(behaviour, { minLength: 1, maxLength: 5 }),
      }),
    ),
  ),
  sink: fc.record({
    flows: fc.boolean(),
    prepareMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20 })),
    flushMs: fc.integer({ min: 0, max: 60 }),
    abortMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 })),
    aborts: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
    failAtFlush: rarely(fc.integer({ min: 1, max: 4 }), 0),
  }),
  openMs: openings,
  reader: fc.record({
    batch: fc.integer({ min: 1, max: 4 }),
    readMs: fc.integer({ min: 0, max: 5 }),
    rewindMs: fc.integer({ min: 0, max: 30 }),
  }),
  events: fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 400 }),
      kind: fc.constantFrom('revoke' as const, 'revoke', 'lose', 'lose', 'pause', 'kill', 'stop'),
      log: fc.integer({ min: 0, max: 1 }),
      lane: fc.integer({ min: 0, max: 2 }),
      member: fc.integer({ min: 0, max: 1 }),
      tellMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 80 }), fc.integer({ min: 100, max: 200 })),
    }),
    { maxLength: 4 },
  ),
  ticks: fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 450 }),
      log: fc.integer({ min: 0, max: 1 }),
      lane: fc.integer({ min: 0, max: 2 }),
      member: fc.integer({ min: 0, max: 1 }),
      handleMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 })),
      fails: rarely(fc.integer({ min: 1, max: 2 }), 0),
    }),
    { maxLength: 6 },
  ),
  ticksAtOnce: fc.boolean(),
  members: fc.integer({ min: 1, max: 2 }),
  checkpointMs: fc.integer({ min: 5, max: 100 }),
  shutdownMs: fc.oneof(fc.constant(ENOUGH_MS), fc.integer({ min: 0, max: 50 })),
})
