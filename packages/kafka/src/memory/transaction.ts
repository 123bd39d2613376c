/** A transaction, as its records and offsets refer to it. */
export interface Transaction {
  outcome: 'open' | 'committed' | 'aborted'
}

/** A log or group with records or offsets of open transactions. */
export interface TransactionParticipant {
  /** Called once the outcome of a transaction is set. */
  end(transaction: Transaction): void
}
