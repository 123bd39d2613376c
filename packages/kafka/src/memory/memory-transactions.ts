import { SnapstreamError, describe } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import type { Transaction, TransactionParticipant } from './transaction.ts'

/** Kafka's default of `transaction.max.timeout.ms`. */
const MAX_TIMEOUT_MS = 900_000

/** The transaction coordinator of a broker: who may use a transactional id, and which transactions are open. */
export interface TransactionCoordinator {
  /**
   * Makes a session for a producer (Kafka's InitProducerId). The transaction that the last session of the id left open is
   * aborted, and that session is fenced. Throws `USAGE` for a time-out that Kafka refuses.
   */
  init(transactionalId: string, timeoutMs: number): ProducerSession
  /** Aborts the open transaction of an id, and fences its session. */
  fence(transactionalId: string): void
}

/** The work of a transactional producer under one epoch of its id. At most one transaction is open at a time. */
export interface ProducerSession {
  /** Whether another session of the id has begun. */
  readonly isFenced: boolean
  /**
   * The open transaction, which `participant` is part of from now on; it begins if none is open. Throws `FENCED`, and
   * `TRANSACTION_ABORTED` after the time-out, until `abort`.
   */
  join(participant: TransactionParticipant): Transaction
  /** Commits the transaction, if one was begun. Throws `FENCED` or `TRANSACTION_ABORTED` if it was aborted. */
  commit(): void
  /** Aborts the transaction, if one is open. */
  abort(): void
}

interface OpenTransaction {
  readonly transaction: Transaction
  readonly participants: Set<TransactionParticipant>
  readonly cancelTimeout: () => void
}

export function transactionCoordinator(host: Pick<Host, 'setTimeout'>): TransactionCoordinator {
  const sessions = new Map<string, { fence(): void }>()

  function fence(transactionalId: string): void {
    sessions.get(transactionalId)?.fence()
    sessions.delete(transactionalId)
  }

  return {
    init(transactionalId, timeoutMs) {
      if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) throw timeoutRefused(transactionalId, timeoutMs)
      fence(transactionalId)
      const session = producerSession(host, transactionalId, timeoutMs)
      sessions.set(transactionalId, session)
      return session
    },
    fence,
  }
}

function producerSession(
  host: Pick<Host, 'setTimeout'>,
  transactionalId: string,
  timeoutMs: number,
): ProducerSession & { fence(): void } {
  let open: OpenTransaction | undefined
  let isFenced = false
  /** The reason why the broker aborted the transaction, until the producer aborts it too. */
  let failure: SnapstreamError | undefined

  function begin(): OpenTransaction {
    return {
      transaction: { outcome: 'open' },
      participants: new Set(),
      cancelTimeout: host.setTimeout(() => {
        end('aborted')
        failure = timedOut(transactionalId, timeoutMs)
      }, timeoutMs),
    }
  }

  function end(outcome: 'committed' | 'aborted'): void {
    if (open === undefined) return
    const { transaction, participants, cancelTimeout } = open
    open = undefined
    cancelTimeout()
    // All participants see the outcome before the first one tells its readers.
    transaction.outcome = outcome
    for (const participant of participants) participant.end(transaction)
  }

  return {
    get isFenced() {
      return isFenced
    },
    join(participant) {
      if (failure !== undefined) throw failure
      if (isFenced) throw fenced(transactionalId)
      open ??= begin()
      open.participants.add(participant)
      return open.transaction
    },
    commit() {
      if (failure !== undefined) throw failure
      end('committed')
    },
    abort() {
      failure = undefined
      end('aborted')
    },
    fence() {
      isFenced = true
      if (open !== undefined) failure = fenced(transactionalId)
      end('aborted')
    },
  }
}

function timeoutRefused(transactionalId: string, timeoutMs: number): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `transactionTimeoutMs of the producer ${JSON.stringify(transactionalId)} takes more than 0 and at most ` +
      `${MAX_TIMEOUT_MS} ms (transaction.max.timeout.ms of the broker), got ${describe(timeoutMs)}`,
  )
}

function fenced(transactionalId: string): SnapstreamError {
  return new SnapstreamError(
    'FENCED',
    `another producer has taken the transactional id ${JSON.stringify(transactionalId)}, and the transaction of this one is ` +
      'aborted; give each producer that is to live on an id of its own',
  )
}

function timedOut(transactionalId: string, timeoutMs: number): SnapstreamError {
  return new SnapstreamError(
    'TRANSACTION_ABORTED',
    `the transaction of ${JSON.stringify(transactionalId)} was open for longer than its transactionTimeoutMs ` +
      `(${timeoutMs} ms), and the broker aborted it; commit earlier, or raise transactionTimeoutMs`,
  )
}
