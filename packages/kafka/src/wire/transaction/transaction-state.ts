/** The phases of a transactional producer, with Kafka's names. */
export type Phase =
  /** It has no id and epoch that it may use: InitProducerId comes next. */
  | 'uninitialized'
  | 'ready'
  | 'in transaction'
  /** EndTxn was sent. Until it is answered, the transaction may be committed or not. */
  | 'committing'
  | 'aborting'
  /** The transaction cannot be committed any more. */
  | 'abortable error'
  /** Another producer initialised the transactional id, or the coordinator aborted the transaction after its time-out. */
  | 'fenced'

/** The phases that may come after each. */
const NEXT: Readonly<Record<Phase, readonly Phase[]>> = {
  uninitialized: ['ready', 'fenced'],
  ready: ['in transaction'],
  'in transaction': ['ready', 'committing', 'aborting', 'abortable error', 'fenced'],
  committing: ['ready', 'uninitialized', 'abortable error', 'fenced'],
  'abortable error': ['aborting', 'fenced'],
  aborting: ['ready', 'uninitialized'],
  fenced: ['uninitialized'],
}

/** The phase of a producer, and the error that led to it. */
export interface TransactionState {
  readonly phase: Phase
  /** Set in the phases `'abortable error'` and `'fenced'`. */
  readonly error: Error | undefined
  /** Changes the phase; to the same one is no change. Throws for a change that a producer cannot make. */
  to(phase: Exclude<Phase, 'abortable error' | 'fenced'>): void
  fail(phase: 'abortable error' | 'fenced', error: Error): void
}

export function transactionState(): TransactionState {
  let phase: Phase = 'uninitialized'
  let error: Error | undefined

  function change(next: Phase, reason: Error | undefined): void {
    if (next === phase) return
    if (!NEXT[phase].includes(next)) throw new Error(`a producer that is ${phase} cannot become ${next}`)
    phase = next
    error = reason
  }

  return {
    get phase() {
      return phase
    },
    get error() {
      return error
    },
    to: (next) => change(next, undefined),
    fail: change,
  }
}
