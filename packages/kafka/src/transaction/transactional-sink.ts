import type { MaybePromise, Origin, SinkOptions, SinkWriter } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import { expectTransactional } from '../conf/resolve-settings.ts'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { topicSender } from '../writing/topic-sender.ts'
import type { PreparedRecord } from '../writing/topic-sender.ts'
import { topicSink } from '../writing/topic-sink.ts'
import type { RecordSender, Written } from '../writing/topic-sink.ts'
import { originMissing } from './refusals.ts'
import { runTransaction } from './run-transaction.ts'
import type { TransactionMember } from './run-transaction.ts'

/**
 * An exactly-once topic as the sink of a run. Its records belong to the transaction of the run, which the engine commits with
 * the positions of the sources at each checkpoint.
 */
export function transactionalSink({
  spec,
  settings,
  written,
  options,
  close,
}: {
  readonly spec: TopicSpec
  readonly settings: ResolvedSettings
  readonly written: Written
  readonly options: SinkOptions
  /** Closes the topic. */
  close(gaveUp: boolean): Promise<void>
}): SinkWriter<unknown> {
  expectTransactional(settings, `exactlyOnce of Topic(${JSON.stringify(spec.name)})`)
  const transaction = runTransaction(options.scope)
  const { held } = transaction
  const member: TransactionMember = { topic: spec.name, settings, options, delivered: async () => {} }
  transaction.join(member)
  const lease = { producer: undefined, acquire: () => transaction.producer(), release: async () => {} }
  const sender = topicSender({ spec, settings, lease, warnDry() {} })

  /** A record is held until the message that it comes from counts as handled. */
  function hold(prepared: MaybePromise<PreparedRecord>, origin: Origin | undefined): void | Promise<void> {
    if (origin === undefined) throw originMissing(spec.name)
    if (isThenable(prepared)) return Promise.resolve(prepared).then((ready) => held.hold(origin, ready))
    held.hold(origin, prepared)
  }

  const records: RecordSender = {
    send: (record, listener, origin) => hold(sender.prepare(record, listener), origin),
    sendEncoded: (record, listener, origin) => hold(sender.prepareEncoded(record, listener), origin),
    async resend(record, listener, to) {
      await transaction.resend(await sender.prepareEncoded(record, listener, to))
    },
    drained: sender.drained,
  }
  const sink = topicSink({
    spec,
    sender: records,
    written,
    options,
    undelivered: transaction.undelivered,
    onVerdict: transaction.onVerdict,
    async close(gaveUp) {
      await sender.close()
      await transaction.leave(member)
      await close(gaveUp)
    },
  })
  member.delivered = () => sink.delivered()

  return Object.assign(sink, {
    atomic: transaction,
    release: transaction.release,
    undo: held.drop,
    prepare: transaction.prepare,
    flush: transaction.flush,
    abort: transaction.abort,
    accepts: transaction.accepts,
  })
}
