import type { OperatorStore } from '../../adapter/operator-state.ts'
import type { MaybePromise } from '../../protocol.ts'

/** A place in which stores of a test keep their state. */
export interface OperatorStorePlace {
  /** The source whose lanes feed the store: `topic/0` and others. */
  readonly source: unknown
  /** Makes a store, over what an earlier one of this place has left. Opened in a run of its own. */
  store(): OperatorStore<string>
  /** Called right after the checkpoint noted its positions, where a transaction of the test ends. */
  prepare?(): void
  /** Called before the writes of a checkpoint are stored, where that transaction is committed. */
  commit?(): MaybePromise<void>
  /** Called before the state is told of an abort. */
  abort?(): void
  /** Removes it. */
  destroy?(): MaybePromise<void>
}

/** The options of `operatorStoreConformance`. */
export interface OperatorStoreConformance {
  /** Registers a test: that of vitest, node:test or any other. */
  readonly test: (title: string, run: () => Promise<void>) => void
  /** The name of the store, before the title of each test. */
  readonly name: string
  /** Makes an empty place. */
  readonly create: () => MaybePromise<OperatorStorePlace>
  /** The functions of the store. */
  readonly supports?: {
    /**
     * Whether it outlives its process, from checkpoint to checkpoint.
     *
     * @default true
     */
    readonly restart?: boolean
    /**
     * Whether it can drop what is not committed, with a transaction.
     *
     * @default true
     */
    readonly abort?: boolean
    /**
     * Whether each partition has its own entries. A cache has one map for all of them; areas are apart in any case.
     *
     * @default true
     */
    readonly partitioned?: boolean
  }
}
