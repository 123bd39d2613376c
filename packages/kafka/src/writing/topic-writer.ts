import { SnapstreamError } from '@snapstream/core'
import type { Failure, Host, Origin, SinkOptions, SinkWriter } from '@snapstream/core'
import { rarely } from '../driver/rarely.ts'
import type { Owner } from '../producer/partition-queue.ts'
import { isInt64 } from '../driver/int64.ts'
import type { Int64 } from '../driver/int64.ts'
import { checkBare, checkPair, notATimestamp } from '../record/check-input.ts'
import { deadLetterRecord } from '../record/dead-letter-record.ts'
import { toHeaders } from '../record/encode-record.ts'
import type { TopicCall } from './topic-call.ts'
import type { TopicLifecycle } from '../topic/topic-lifecycle.ts'
import type { RecordMeta } from '../record/topic-record.ts'
import type { TopicSender } from './topic-sender.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

export interface TopicWriter extends SinkWriter<unknown> {
  /** The first of what was not delivered; the stream learns of it at the next checkpoint. */
  readonly failure: Error | undefined
}

/** A topic as a sink in one run. It is closed with `close` of the lifecycle. */
export function topicWriter(
  spec: TopicSpec,
  sender: TopicSender,
  { signal, host, trouble }: SinkOptions,
  lifecycle: Pick<TopicLifecycle, 'close'>,
  call: Pick<TopicCall, 'takeFailed'>,
): TopicWriter {
  let failure: Error | undefined
  // One for all records: what failed once is not made good by what comes after it.
  const owner: Owner = {
    acknowledged() {},
    failed(error) {
      failure ??= error
    },
    retried: rarely(trouble),
  }

  /** Dead letters that are written once more. */
  const redated: Promise<void>[] = []
  /**
   * A topic takes no time that is far from now, if it is not told to, and a record may have any. Its dead letter is written
   * all the same, with the time of now: its headers say that of the record.
   */
  const ofLetters: Owner = {
    ...owner,
    refused(_, record, to) {
      const again = async () => sender.sendBytes({ ...record, timestamp: host.now() }, owner, to)
      redated.push(again().catch(owner.failed))
    },
  }

  /**
   * Of a record that the broker may refuse long after it was taken, the message is kept where that changes anything: its
   * binding's `onError` decides about it then, and nothing else fails.
   */
  function ownerOf(origin: Origin | undefined): Owner {
    const kept = origin?.keep?.()
    if (kept === undefined) return owner
    const own: Owner = {
      ...owner,
      refused: (error, record, to) => kept.refuse(error, () => sender.sendBytes(record, own, to)),
    }
    return own
  }

  function send(key: unknown, value: unknown, meta: RecordMeta | undefined, origin: Origin | undefined) {
    const sending = {
      key,
      value,
      headers: toHeaders(meta?.headers, spec.name),
      timestamp: meta?.timestamp ?? eventTime(origin, host, spec.name),
      partition: meta?.partition,
      topic: meta?.topic,
    }
    return sender.send(sending, ownerOf(origin))
  }

  return {
    get failure() {
      return failure
    },
    write(input, origin) {
      if (Array.isArray(input)) {
        checkPair(input, spec)
        return send(input[0], input[1], input[2] as RecordMeta | undefined, origin)
      }
      checkBare(input, spec)
      return send(null, input, undefined, origin)
    },
    writeFailure(failure: Failure, origin) {
      const made = deadLetterRecord(failure, spec.single)
      if (made.bytes) return sender.sendBytes(made.record, ofLetters)
      const { headers } = made
      // A time that is no time must not keep a failure from being written.
      const time = typeof origin?.timestamp === 'number' ? Math.floor(origin.timestamp) : origin?.timestamp
      const timestamp = isInt64(time) ? time : Math.floor(host.now())
      const value =
        spec.plain && typeof failure.message !== 'string' ? JSON.stringify(failure.message) : failure.message
      return sender.send({ key: null, value, headers, timestamp, partition: undefined, topic: undefined }, owner)
    },
    async flush() {
      const gone = aborted(signal, spec.name)
      try {
        do {
          await Promise.race([Promise.all(redated.splice(0)).then(sender.drained), gone.promise])
        } while (redated.length > 0)
      } finally {
        gone.stop()
      }
      if (failure !== undefined) throw failure
      // A call that failed tells its caller. If nobody listens the process ends, and has to before this is acknowledged.
      if (call.takeFailed()) await host.yield()
    },
    // What failed is known already; to go on waiting for the rest would only delay the news.
    close: () => lifecycle.close(signal.aborted || failure !== undefined),
  }
}

/** When what happened a value stands for: the time of the message it came from (-1 for none), else now. In whole ms. */
function eventTime(origin: Origin | undefined, host: Host, name: string): Int64 {
  const given = origin?.timestamp ?? host.now()
  const time = typeof given === 'number' ? Math.floor(given) : given
  if (isInt64(time)) return time
  throw notATimestamp(name, given)
}

function aborted(signal: AbortSignal, name: string): { readonly promise: Promise<never>; stop(): void } {
  let stop = () => {}
  const promise = new Promise<never>((_, reject) => {
    const abort = () =>
      reject(
        new SnapstreamError(
          'SHUTDOWN_TIMEOUT',
          `what was written to the topic ${JSON.stringify(name)} was not acknowledged before the time for a graceful end ` +
            `was over; it will be written again. Raise shutdownMs if the broker needs longer`,
          { topic: name },
        ),
      )
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    stop = () => signal.removeEventListener('abort', abort)
  })
  promise.catch(() => {})
  return { promise, stop }
}
