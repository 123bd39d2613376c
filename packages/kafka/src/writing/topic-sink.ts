import type { Failure, Origin, SinkOptions, SinkWriter } from '@snapstream/core'
import type { ProduceRecord, TopicPartition } from '../driver/driver.ts'
import { rarely } from '../driver/rarely.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import type { DeliveryListener } from '../producer/accumulator.ts'
import { rejectOnAbort } from './reject-on-abort.ts'
import { sinkDeadLetter, sinkRecord } from './unencoded-record.ts'
import type { UnencodedRecord } from './unencoded-record.ts'

/** Takes the records of a sink. */
export interface RecordSender {
  /** See `TopicSender`. @param origin the message that the record comes from */
  send(record: UnencodedRecord, listener: DeliveryListener, origin: Origin | undefined): void | Promise<void>
  /** Takes a dead letter that is encoded. @param origin the message that failed */
  sendEncoded(record: ProduceRecord, listener: DeliveryListener, origin: Origin | undefined): void | Promise<void>
  /**
   * Takes a record in the place of one that the broker refused: it is acknowledged before what is written after that one.
   *
   * @param to default: the topic's own name and the partitioner's choice
   */
  resend(record: ProduceRecord, listener: DeliveryListener, to?: TopicPartition): void | Promise<void>
  /** Resolves when every record sent so far is acknowledged or has failed. */
  drained(): Promise<void>
}

/** A topic as the sink of one run. */
export interface TopicSink extends SinkWriter<unknown> {
  /** The first record that was not delivered. The stream learns of it at the next checkpoint. */
  readonly failure: Error | undefined
  /** Resolves when every record written so far is acknowledged or has failed. */
  drained(): Promise<void>
  /** Resolves when every record written so far is acknowledged or refused. Rejects if one could not be delivered. */
  delivered(): Promise<void>
}

/** State that the calls and the sinks of a topic share. */
export interface Written {
  /** Whether a call failed since a sink last asked. */
  callFailed: boolean
  /** The sinks that are open. */
  readonly sinks: Set<TopicSink>
}

/** The messages of which the broker has refused a record. Their dead letters take the place of these records. */
const refusedMessages = new WeakSet<object>()

export interface TopicSinkOptions {
  readonly spec: TopicSpec
  readonly sender: RecordSender
  readonly written: Written
  readonly options: SinkOptions
  /** Returns the error of a record that was not delivered if it ends the stream. Default: each does. */
  undelivered?(error: Error): Error | undefined
  /** Called with the verdict of `onError` on each record that the broker refused. Default: the engine alone waits for it. */
  onVerdict?(verdict: Promise<void>): void
  /** Closes the topic. @param gaveUp whether no time is left to wait for acknowledgements */
  close(gaveUp: boolean): Promise<void>
}

export function topicSink(given: TopicSinkOptions): TopicSink {
  const { spec, sender, written, options, undelivered = (error) => error, onVerdict = () => {}, close } = given
  const { signal, host, trouble } = options
  let failure: Error | undefined
  // One listener for all records. The first failure stays, even if later records are acknowledged.
  const listener: DeliveryListener = {
    acknowledged() {},
    failed(error) {
      failure ??= undelivered(error)
    },
    retried: rarely(trouble),
  }

  /** Dead letters that were refused and are written once more. */
  const rewritten: Promise<void>[] = []
  /**
   * By default a topic refuses timestamps that are far from the current time, and a failed record may have any timestamp. Its
   * dead letter is then written again with the current time; its headers keep the timestamp of the record.
   */
  const deadLetterListener: DeliveryListener = {
    ...listener,
    refused(_, record, to) {
      const again = async () => sender.resend({ ...record, timestamp: host.now() }, listener, to)
      rewritten.push(again().catch(listener.failed))
    },
  }

  /**
   * The broker may refuse a record long after it was taken. If `onError` of its binding can still decide about the message, it
   * is kept until then, so that no other record fails.
   */
  function listenerOf(origin: Origin | undefined): DeliveryListener {
    const kept = origin?.keep?.()
    if (kept === undefined) return listener
    const own: DeliveryListener = {
      ...listener,
      refused(error, record, to) {
        refusedMessages.add(kept)
        onVerdict(kept.refuse(error, () => sender.resend(record, own, to)))
      },
    }
    return own
  }

  const sink: TopicSink = {
    get failure() {
      return failure
    },
    drained: () => sender.drained(),
    write: (input, origin) => sender.send(sinkRecord(spec, host, input, origin), listenerOf(origin), origin),
    writeFailure(failed: Failure, origin) {
      const { encoded, record } = sinkDeadLetter(spec, host, failed, origin)
      if (encoded === undefined) return sender.send(record, listener, origin)
      const isLate = origin !== undefined && refusedMessages.has(origin)
      return isLate
        ? sender.resend(encoded, deadLetterListener)
        : sender.sendEncoded(encoded, deadLetterListener, origin)
    },
    async delivered() {
      const aborted = rejectOnAbort(signal, spec.name)
      try {
        do {
          await Promise.race([Promise.all(rewritten.splice(0)).then(() => sender.drained()), aborted.promise])
        } while (rewritten.length > 0)
      } finally {
        aborted.stop()
      }
      if (failure !== undefined) throw failure
      if (!written.callFailed) return
      written.callFailed = false
      // An unhandled rejection of a call ends the process, and has to do so before this checkpoint is committed.
      await host.yield()
    },
    flush: () => sink.delivered(),
    close() {
      written.sinks.delete(sink)
      // The stream fails anyway. Waiting for the other records would only delay that.
      return close(signal.aborted || failure !== undefined)
    },
  }
  written.sinks.add(sink)
  return sink
}
