import { randomUUID } from 'node:crypto'
import { SnapstreamError, toError } from '@snapstream/core'
import type { Checkpoint, Origin, SinkOptions } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { sameSettings } from '../conf/resolve-settings.ts'
import { RECORD_HEAP_BYTES } from '../producer/accumulator.ts'
import type { Producer } from '../producer/producer.ts'
import { transactionalSources } from '../reading/transactional-sources.ts'
import type { TransactionalSource } from '../reading/transactional-sources.ts'
import { expectTransactionalSource, lostLanes, otherSettings, tooSlow } from './refusals.ts'
import { heldOutputs } from './held-outputs.ts'
import type { HeldOutputs } from './held-outputs.ts'
import type { PreparedRecord } from '../writing/topic-sender.ts'
import { connectTransactional } from './transactional-connection.ts'
import type { TransactionalConnection } from './transactional-connection.ts'

/** What `flush` resolves with: undefined once it is committed. */
type Flushed = { readonly aborted: Error } | undefined

/**
 * The transaction of a run: the records that all its exactly-once topics get, and the positions of the sources that feed them.
 * One transaction follows another; each begins with its first record.
 */
export interface RunTransaction {
  /** The outputs of messages that are not handled yet, for all its topics. */
  readonly held: HeldOutputs
  /** Adds a topic. Throws `USAGE` if it cannot share the transaction with those that are in it. */
  join(member: TransactionMember): void
  /** Removes a topic. The last one aborts what is not committed, and closes the producer. */
  leave(member: TransactionMember): Promise<void>
  /** Rejects with `USAGE` for a source whose positions cannot be part of it. The first source opens the producer. */
  accepts(source: unknown): Promise<void>
  /** The producer of the records. Rejects if no source was accepted. */
  producer(): Promise<Producer>
  /**
   * Sends a record of a message that counts as handled from now on, or keeps it for the next transaction while one is
   * committed. A promise: too many wait.
   */
  add(record: PreparedRecord): void | Promise<void>
  /** Adds the outputs that are held for a message, which counts as handled from now on. A promise: too many wait. */
  release(origin: Origin): void | Promise<void>
  /** Sends a record in the place of one that the broker has refused, also while the transaction is committed. */
  resend(record: PreparedRecord): void | Promise<void>
  /** The verdict of `onError` on a record that the broker has refused: the commit waits for it. */
  onVerdict(verdict: Promise<void>): void
  /** A record was not delivered. Returns the error if it ends the stream; undefined if the transaction is aborted for it. */
  undelivered(error: Error): Error | undefined
  /** Ends the transaction with the outputs released so far, and notes these positions. Later outputs are for the next one. */
  prepare(checkpoint: Checkpoint): void
  /** Commits the transaction that was prepared. */
  flush(): Promise<Flushed>
  /** Aborts it. Called when no message is in flight. */
  abort(reason: Error): Promise<void>
}

interface State {
  /**
   * `open`: records are sent at once. `committing`: they wait for the next transaction. `failed`: they are dropped until
   * `abort`, as the messages that they come from are handled again.
   */
  phase: 'open' | 'committing' | 'failed'
  /** Whether the transaction has a record. */
  hasRecords: boolean
  /** The reason of the phase `failed`. */
  failure: Error | undefined
  /** The time of its first record, by the host's monotonic clock. */
  beganAt: number
  /** How many transactions in a row were aborted when they had taken longer than their time-out. */
  timeouts: number
  /** Cancels the timer that asks for a checkpoint. */
  cancelDue: () => void
}

/** The number of `State.timeouts` that ends the stream, as the next attempt would take as long. */
const MAX_TIMEOUTS = 3

/** Records for the next transaction. */
interface Waiting {
  records: PreparedRecord[]
  bytes: number
  /** Pending while too many wait. */
  room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined
}

/** Adds the offsets of one source to the transaction. Resolves with false if one of its partitions was lost. */
type AddOffsets = ReturnType<TransactionalSource['hold']>

const SCOPE_KEY = '~snapstream.kafka.transaction'

/** The transaction of a run, made at the first call. @param scope the map of the run */
export function runTransaction(scope: Map<unknown, unknown>): RunTransaction {
  const known = scope.get(SCOPE_KEY) as RunTransaction | undefined
  if (known !== undefined) return known
  const made = createRunTransaction(scope)
  scope.set(SCOPE_KEY, made)
  return made
}

/** A topic that gets records of the run: a sink, or a changelog. */
export interface TransactionMember {
  readonly topic: string
  readonly settings: ResolvedSettings
  readonly options: Pick<SinkOptions, 'host' | 'checkpoint'>
  /** Awaited before the first source is read, with the producer of the records. */
  connected?(producer: Producer): Promise<void>
  /** Resolves when every record sent so far is acknowledged or refused. Rejects with an error that ends the stream. */
  delivered: () => Promise<void>
}

function createRunTransaction(scope: Map<unknown, unknown>): RunTransaction {
  const sources = transactionalSources(scope)
  const held = heldOutputs()
  /** All of them have the settings of the first. */
  const members = new Set<TransactionMember>()
  let transactionalId: string | undefined
  let connecting: Promise<TransactionalConnection> | undefined
  const state: State = {
    phase: 'open',
    hasRecords: false,
    failure: undefined,
    beganAt: 0,
    timeouts: 0,
    cancelDue() {},
  }
  const verdicts: Promise<void>[] = []
  /** Of the transaction that was prepared. */
  let prepared: readonly AddOffsets[] = []
  const waiting: Waiting = { records: [], bytes: 0, room: undefined }

  function first(): TransactionMember {
    for (const member of members) return member
    throw new SnapstreamError('NOT_OPEN', 'the transaction of the stream has ended')
  }

  // ---- the producer -----------------------------------------------------------------------------------------------

  const connection = (): Promise<TransactionalConnection> =>
    connecting ?? Promise.reject(new SnapstreamError('NOT_OPEN', 'the transaction of the stream has no source yet'))

  // ---- records ----------------------------------------------------------------------------------------------------

  function send({ to, record, partition, listener, bytes }: PreparedRecord): void | Promise<void> {
    if (!state.hasRecords) begin()
    return to.send(record, partition, listener, bytes)
  }

  /** The first record of a transaction: it is committed `transactionMs` later. */
  function begin(): void {
    const { settings, options } = first()
    state.hasRecords = true
    state.beganAt = options.host.monotonic()
    state.cancelDue = options.host.setTimeout(requestCheckpoint, settings.transaction.intervalMs)
  }

  function requestCheckpoint(): void {
    for (const { options } of members) if (options.checkpoint) return options.checkpoint()
  }

  function add(record: PreparedRecord): void | Promise<void> {
    if (state.phase === 'open') return send(record)
    return state.phase === 'committing' ? keep(record) : undefined
  }

  function keep(prepared: PreparedRecord): void | Promise<void> {
    waiting.records.push(prepared)
    waiting.bytes += prepared.bytes + RECORD_HEAP_BYTES
    if (waiting.bytes <= first().settings.producer.bufferBytes) return undefined
    if (waiting.room === undefined) {
      let resolve = () => {}
      const promise = new Promise<void>((settle) => (resolve = settle))
      waiting.room = { promise, resolve }
    }
    return waiting.room.promise
  }

  /** Ends the wait of records: `sent` tells whether they become part of the next transaction. */
  function release(sent: boolean): void {
    const { records, room } = waiting
    Object.assign(waiting, { records: [], bytes: 0, room: undefined } satisfies Waiting)
    let full: void | Promise<void> = undefined
    if (sent) for (const prepared of records) full = send(prepared)
    if (isThenable(full)) void full.then(room?.resolve)
    else room?.resolve()
  }

  // ---- the end of a transaction -----------------------------------------------------------------------------------

  function fail(error: Error): void {
    if (state.phase === 'failed') return
    const wasOpen = state.phase === 'open'
    if (state.hasRecords && members.size > 0) {
      const { settings, options } = first()
      if (options.host.monotonic() - state.beganAt > settings.transaction.timeoutMs) state.timeouts++
    }
    Object.assign(state, { phase: 'failed', failure: error } satisfies Partial<State>)
    state.cancelDue()
    release(false)
    // The engine learns of it at the next checkpoint.
    if (wasOpen) requestCheckpoint()
  }

  async function commit(offsets: readonly AddOffsets[]): Promise<Flushed> {
    const { driver } = await connection()
    try {
      await delivered()
      if (state.failure !== undefined) return settled()
      for (const add of offsets) if (!(await add(driver))) throw lostLanes()
      await driver.commit()
    } catch (error) {
      if (!isAborted(error)) throw error
      fail(error)
    }
    return settled()
  }

  /** Resolves when all records are acknowledged, and the verdicts on refused ones are carried out. */
  async function delivered(): Promise<void> {
    do {
      await Promise.all(verdicts.splice(0)).catch((error: unknown) => fail(toError(error)))
      await Promise.all(Array.from(members, (member) => member.delivered()))
    } while (verdicts.length > 0)
  }

  /** The offsets of the sources that feed the transaction, as they are at the call. */
  const offsetsOf = (positions: Checkpoint['positions']): readonly AddOffsets[] =>
    [...positions].flatMap(([source, at]) =>
      sources.ids.has(source) ? [sources.readers.get(source)?.hold(at) ?? (async () => false)] : [],
    )

  /** The outcome, once no request is pending. */
  function settled(): Flushed {
    if (state.failure !== undefined) return { aborted: state.failure }
    Object.assign(state, { phase: 'open', hasRecords: false, timeouts: 0 } satisfies Partial<State>)
    release(true)
    return undefined
  }

  async function abort(reason: Error): Promise<void> {
    fail(reason)
    const { timeoutMs } = first().settings.transaction
    if (state.timeouts >= MAX_TIMEOUTS) throw tooSlow(timeoutMs, reason)
    const { driver, producer } = await connection()
    await producer.drained()
    await driver.abort()
    held.clear()
    verdicts.length = 0
    Object.assign(state, { phase: 'open', hasRecords: false, failure: undefined } satisfies Partial<State>)
  }

  return {
    held,
    join(member) {
      for (const { topic, settings } of members)
        if (!sameSettings(settings, member.settings, 'producer')) throw otherSettings(topic, member.topic)
      members.add(member)
    },
    async leave(member) {
      members.delete(member)
      if (members.size > 0) return
      const left = connecting
      connecting = undefined
      state.cancelDue()
      const made = await left?.catch(() => undefined)
      if (made === undefined) return
      // Readers of the topics need not wait for the time-out of the transaction.
      if (state.hasRecords) await made.driver.abort().catch(() => {})
      await made.producer.close(new SnapstreamError('NOT_OPEN', 'the stream ended before the record was acknowledged'))
    },
    async accepts(source) {
      const { topic, settings, options } = first()
      const { groupId, groupInstanceId } = expectTransactionalSource(source, topic, settings)
      transactionalId ??= `${groupId}.${groupInstanceId ?? randomUUID()}`
      const { producer } = await (connecting ??= connectTransactional(settings, transactionalId, options.host))
      await Promise.all(Array.from(members, async (member) => member.connected?.(producer)))
      sources.ids.set(source, transactionalId)
    },
    producer: async () => (await connection()).producer,
    add,
    release(origin) {
      let room: void | Promise<void> = undefined
      for (const output of held.take(origin)) room = add(output)
      return room
    },
    resend: (prepared) => (state.phase === 'failed' ? undefined : send(prepared)),
    onVerdict: (verdict) => void verdicts.push(verdict),
    undelivered(error) {
      if (!isAborted(error)) return error
      fail(error)
      return undefined
    },
    prepare({ positions }) {
      if (state.phase === 'failed') return
      prepared = offsetsOf(positions)
      if (!state.hasRecords && prepared.length === 0) return
      state.phase = 'committing'
      state.cancelDue()
    },
    async flush() {
      if (state.phase === 'committing') return commit(prepared)
      return state.failure && { aborted: state.failure }
    },
    abort,
  }
}

/** Whether an error ends the transaction and not the stream. */
function isAborted(thrown: unknown): thrown is SnapstreamError {
  return SnapstreamError.is(thrown) && (thrown.code === 'TRANSACTION_ABORTED' || thrown.code === 'FENCED')
}
