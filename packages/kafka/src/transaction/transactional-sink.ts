import type { Origin, SinkOptions, SinkWriter } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import { expectTransactional } from '../conf/resolve-settings.ts'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { topicSender } from '../writing/topic-sender.ts'
import type { PreparedRecord } from '../writing/topic-sender.ts'
import { topicSink } from '../writing/topic-sink.ts'
import type { RecordSender, Written } from '../writing/topic-sink.ts'
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

  function hold(prepared: PreparedRecord, origin: Origin | undefined): void | Promise<void> {
    if (origin === undefined) return transaction.send(prepared)
    held.hold(origin, prepared)
  }

  const records: RecordSender = {
    send(record, listener, origin) {
      const prepared = sender.prepare(record, listener)
      return isThenable(prepared)
        ? Promise.resolve(prepared).then((ready) => hold(ready, origin))
        : hold(prepared, origin)
    },
    async sendEncoded(record, listener) {
      await transaction.send(await sender.prepareEncoded(record, listener))
    },
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

  /** Sends the outputs of a message whose attempt has succeeded. */
  function release(origin: Origin): void | Promise<void> {
    let room: void | Promise<void> = undefined
    for (const output of held.take(origin)) room = transaction.send(output)
    return room
  }

  async function releaseLater(handled: PromiseLike<unknown>, origin: Origin): Promise<unknown> {
    try {
      const passedOver = await handled
      if (passedOver !== true) await release(origin)
      return passedOver
    } finally {
      held.drop(origin)
    }
  }

  return Object.assign(sink, {
    atomic: transaction,
    pipelined: true,
    flush: transaction.flush,
    abort: transaction.abort,
    accepts: transaction.accepts,
    undo: held.drop,
    enclose<T>(handle: () => T, origin: Origin): T {
      const handled = handle()
      return (isThenable(handled) ? releaseLater(handled, origin) : (release(origin) ?? handled)) as T
    },
  })
}
