import { SnapstreamError, failure } from '../error.ts'
import { count, namesOf } from '../observe/tally.ts'
import type { Checkpoint, LaneState } from '../protocol.ts'
import type { Runtime } from './runtime.ts'
import { transactionOf } from './sink.ts'
import { idle, lanesOf, rewind, setPaused, tear } from './transaction.ts'
import type { Transaction } from './transaction.ts'

/** Commits or aborts a transaction, and starts its lanes again if they are stopped. Resolves with whether it was aborted. */
export async function endTransaction(
  runtime: Runtime,
  transaction: Transaction,
  checkpoint: Checkpoint,
): Promise<boolean> {
  const { writer } = transaction
  let aborted: Error | undefined
  const isTorn = transaction.torn || lanesOf(transaction).some(({ torn }) => torn)
  if (isTorn) aborted = new SnapstreamError('TRANSACTION_ABORTED', 'lanes were lost, or a message failed')
  else aborted = (await writer.flush(checkpoint))?.aborted
  if (aborted && writer.abort) await abort(runtime, transaction, aborted)
  // Without `abort` the sink drops the values when it is closed. If the stream ends already, the reason is reported.
  else if (aborted && !(isTorn && runtime.reading.aborted)) throw aborted
  if (!aborted) await Promise.all(statesIn(runtime, transaction).map(async (state) => state.commit(checkpoint)))
  setPaused(transaction, false)
  return !!aborted
}

/** The states that are kept or dropped with a transaction. */
export function statesIn({ writers }: Pick<Runtime, 'writers'>, { feeders }: Transaction): readonly LaneState[] {
  const targets = feeders.flatMap(({ tallies }) => tallies.flatMap(({ binding }) => binding.targets))
  const states = targets.flatMap((target) => writers.get(target)?.state ?? [])
  return [...new Set(states)].filter(({ readOnly }) => !readOnly)
}

/** Drops the values of a transaction, and takes the sources that feed it back to their last committed positions. */
async function abort(runtime: Runtime, transaction: Transaction, error: Error): Promise<void> {
  const { host, reading, emit, fail, refusals, transactions } = runtime
  const { feeders, writer } = transaction
  const tallies = [...new Set(feeders.flatMap((feeder) => feeder.tallies))]
  const bindings = namesOf(tallies)
  setPaused(transaction, true)
  /** A message failed or was given up, which is reported anyway. */
  const told = lanesOf(transaction).some(({ torn, revoked }) => torn && !revoked)
  tear(transaction)
  await idle(transaction)
  await Promise.allSettled(refusals.values())
  await writer.abort!(error)
  for (const state of statesIn(runtime, transaction)) state.abort()
  for (const tally of tallies) count(tally, 'aborted')
  // A batch that `read` has resolved with reaches its old lane now, which drops it.
  await host.yield()
  const lanes = rewind(transaction)
  emit('abort', () => ({ bindings, error, lanes }))
  if (!reading.aborted) return
  // The stream ends: nothing more is written to it.
  transactions.delete(transactionOf(writer))
  if (!told && lanes.length > 0)
    fail(failure('TRANSACTION_ABORTED', `the last transaction of ${bindings.join(' and ')}`, error, {}))
}
