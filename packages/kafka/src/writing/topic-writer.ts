import { SnapstreamError } from '@snapstream/core'
import type { Failure, Host, Origin, SinkOptions, SinkWriter } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { isInt64 } from '../driver/int64.ts'
import type { Int64 } from '../driver/int64.ts'
import { rarely } from '../driver/rarely.ts'
import type { DeliveryListener } from '../producer/accumulator.ts'
import { WITH_VALUE, checkBare, checkMeta, checkPair, notATimestamp } from '../record/check-input.ts'
import { deadLetterRecord } from '../record/dead-letter-record.ts'
import { toHeaders } from '../record/encode-record.ts'
import type { RecordMeta } from '../record/topic-record.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { notOpen } from './topic-sender.ts'
import type { TopicSender } from './topic-sender.ts'

export type CallOptions = RecordMeta & { readonly key?: unknown }

/** Writes to a topic: by calls, and as the sink of runs. */
export interface TopicWriter {
  /** `await topic(value, { key })`: writes one record, and resolves when it is acknowledged. */
  call(value: unknown, options?: CallOptions): Promise<void>
  /** Opens the topic as a sink of one run. */
  openSink(options: SinkOptions): Promise<SinkWriter<unknown>>
  /** Resolves when all records written so far are acknowledged. Rejects with the first failure of an open sink. */
  flush(): Promise<void>
}

/** The part of a topic's lifecycle that writing needs. */
export interface OpenableTopic {
  /** Undefined unless it is open. */
  readonly current: WritableTopic | undefined
  open(host: Host): Promise<Pick<WritableTopic, 'sender'>>
  /** Closes the topic. @param gaveUp true: no time is left to wait for acknowledgements; default false */
  close(gaveUp?: boolean): Promise<void>
}

interface WritableTopic {
  readonly sender: TopicSender
  readonly settings: Pick<ResolvedSettings, 'producer'>
  readonly host: Host
}

/**
 * The limit of calls, as a multiple of `bufferBytes`. A sink waits while more than `bufferBytes` are not acknowledged. Callers of
 * a topic may go on without waiting, so beyond this limit calls are refused, which bounds the memory.
 */
const CALLS_BUFFER_FACTOR = 2

/** State that the calls and the sinks of a topic share. */
interface Written {
  /** Whether a call failed since a sink last asked. */
  callFailed: boolean
  /** The sinks that are open. */
  readonly sinks: Set<TopicSink>
}

export function topicWriter(spec: TopicSpec, topic: OpenableTopic): TopicWriter {
  const written: Written = { callFailed: false, sinks: new Set() }

  function send(value: unknown, options: CallOptions, listener: DeliveryListener): void | Promise<void> {
    const { current } = topic
    if (current === undefined) throw notOpen(spec.name)
    const { sender, host, settings } = current
    checkMeta(options, spec.name, WITH_VALUE)
    const { key = null, headers, timestamp = host.now(), partition, topic: name } = options
    const limit = CALLS_BUFFER_FACTOR * settings.producer.bufferBytes
    if (sender.bufferedBytes > limit) throw bufferFull(spec.name, limit)
    return sender.send(
      { key, value, headers: toHeaders(headers, spec.name), timestamp, partition, topic: name },
      listener,
    )
  }

  return {
    // Many calls may be in flight, so each makes only one promise.
    call: (value, options = {}) =>
      new Promise((resolve, reject) => {
        const fail = (error: unknown) => {
          written.callFailed = true
          reject(error)
        }
        try {
          send(value, options, { acknowledged: resolve, failed: fail })?.catch(fail)
        } catch (error) {
          fail(error)
        }
      }),
    async openSink(options) {
      const { sender } = await topic.open(options.host)
      try {
        await sender.connect()
      } catch (error) {
        await topic.close(true)
        throw error
      }
      const sink = topicSink({ spec, topic, sender, written, options })
      written.sinks.add(sink)
      return sink
    },
    async flush() {
      if (topic.current === undefined) throw notOpen(spec.name)
      await topic.current.sender.drained()
      for (const { failure } of written.sinks) if (failure !== undefined) throw failure
    },
  }
}

interface TopicSink extends SinkWriter<unknown> {
  /** The first record that was not delivered. The stream learns of it at the next checkpoint. */
  readonly failure: Error | undefined
}

interface TopicSinkOptions {
  readonly spec: TopicSpec
  readonly topic: Pick<OpenableTopic, 'close'>
  readonly sender: TopicSender
  readonly written: Written
  readonly options: SinkOptions
}

function topicSink({ spec, topic, sender, written, options }: TopicSinkOptions): TopicSink {
  const { signal, host, trouble } = options
  let failure: Error | undefined
  // One listener for all records. The first failure stays, even if later records are acknowledged.
  const listener: DeliveryListener = {
    acknowledged() {},
    failed(error) {
      failure ??= error
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
      const again = async () => sender.sendEncoded({ ...record, timestamp: host.now() }, listener, to)
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
      refused: (error, record, to) => kept.refuse(error, () => sender.sendEncoded(record, own, to)),
    }
    return own
  }

  function send(key: unknown, value: unknown, meta: RecordMeta | undefined, origin: Origin | undefined) {
    const record = {
      key,
      value,
      headers: toHeaders(meta?.headers, spec.name),
      timestamp: meta?.timestamp ?? eventTime(origin, host, spec.name),
      partition: meta?.partition,
      topic: meta?.topic,
    }
    return sender.send(record, listenerOf(origin))
  }

  const sink: TopicSink = {
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
    writeFailure(failed: Failure, origin) {
      const made = deadLetterRecord(failed, spec.single)
      if (made.bytes) return sender.sendEncoded(made.record, deadLetterListener)
      const { headers } = made
      // A dead letter is written even if the timestamp of its message is invalid.
      const time = typeof origin?.timestamp === 'number' ? Math.floor(origin.timestamp) : origin?.timestamp
      const timestamp = isInt64(time) ? time : Math.floor(host.now())
      const value = spec.plain && typeof failed.message !== 'string' ? JSON.stringify(failed.message) : failed.message
      return sender.send({ key: null, value, headers, timestamp, partition: undefined, topic: undefined }, listener)
    },
    async flush() {
      const aborted = rejectOnAbort(signal, spec.name)
      try {
        do {
          await Promise.race([Promise.all(rewritten.splice(0)).then(sender.drained), aborted.promise])
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
    close() {
      written.sinks.delete(sink)
      // The stream fails anyway. Waiting for the other records would only delay that.
      return topic.close(signal.aborted || failure !== undefined)
    },
  }
  return sink
}

/** The timestamp of the message that a value was made from (-1 for none), else the current time, in whole ms. */
function eventTime(origin: Origin | undefined, host: Host, name: string): Int64 {
  const given = origin?.timestamp ?? host.now()
  const time = typeof given === 'number' ? Math.floor(given) : given
  if (isInt64(time)) return time
  throw notATimestamp(name, given)
}

function rejectOnAbort(signal: AbortSignal, name: string): { readonly promise: Promise<never>; stop(): void } {
  let stop = () => {}
  const promise = new Promise<never>((_, reject) => {
    const abort = () =>
      reject(
        new SnapstreamError(
          'SHUTDOWN_TIMEOUT',
          `records for the topic ${JSON.stringify(name)} were not acknowledged within shutdownMs; they are written again ` +
            'after a restart. Raise shutdownMs if the broker needs longer',
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

function bufferFull(name: string, limit: number): SnapstreamError {
  return new SnapstreamError(
    'BUFFER_FULL',
    `the topic ${JSON.stringify(name)} was called faster than Kafka acknowledges: more than ${limit} bytes wait ` +
      `(twice bufferBytes); await calls before the next ones, or raise bufferBytes`,
    { topic: name },
  )
}
