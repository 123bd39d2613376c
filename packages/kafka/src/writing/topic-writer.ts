import { SnapstreamError } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { DeliveryListener } from '../producer/accumulator.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import type { Written } from './topic-sink.ts'
import { callRecord } from './unencoded-record.ts'
import type { CallOptions } from './unencoded-record.ts'
import { notOpen } from './topic-sender.ts'
import type { TopicSender } from './topic-sender.ts'

/** Writes to a topic: by calls, and as the sink of runs. */
export interface TopicWriter {
  /** `await topic(value, { key })`: writes one record, and resolves when it is acknowledged. */
  call(value: unknown, options?: CallOptions): Promise<void>
  /** What its calls and its sinks share. */
  readonly written: Written
  /** Resolves when all records written so far are acknowledged. Rejects with the first failure of an open sink. */
  flush(): Promise<void>
}

/** The part of a topic's lifecycle that writing needs. */
export interface OpenableTopic {
  /** Undefined unless it is open. */
  readonly current: WritableTopic | undefined
  open(host: Host): Promise<WritableTopic>
  /** Closes the topic. @param gaveUp true: no time is left to wait for acknowledgements; default false */
  close(gaveUp?: boolean): Promise<void>
}

interface WritableTopic {
  readonly sender: TopicSender
  readonly settings: ResolvedSettings
  readonly host: Host
}

/**
 * The limit of calls, as a multiple of `bufferBytes`. A sink waits while more than `bufferBytes` are not acknowledged. Callers of
 * a topic may go on without waiting, so beyond this limit calls are refused, which bounds the memory.
 */
const CALLS_BUFFER_FACTOR = 2

export function topicWriter(spec: TopicSpec, topic: OpenableTopic): TopicWriter {
  const written: Written = { callFailed: false, sinks: new Set() }

  function send(value: unknown, options: CallOptions, listener: DeliveryListener): void | Promise<void> {
    const { current } = topic
    if (current === undefined) throw notOpen(spec.name)
    const { sender, host, settings } = current
    const record = callRecord(spec, host, value, options)
    const limit = CALLS_BUFFER_FACTOR * settings.producer.bufferBytes
    if (sender.bufferedBytes > limit) throw bufferFull(spec.name, limit)
    return sender.send(record, listener)
  }

  return {
    written,
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
    async flush() {
      if (topic.current === undefined) throw notOpen(spec.name)
      await Promise.all([topic.current.sender.drained(), ...Array.from(written.sinks, (sink) => sink.drained())])
      for (const { failure } of written.sinks) if (failure !== undefined) throw failure
    },
  }
}

function bufferFull(name: string, limit: number): SnapstreamError {
  return new SnapstreamError(
    'BUFFER_FULL',
    `the topic ${JSON.stringify(name)} was called faster than Kafka acknowledges: more than ${limit} bytes wait ` +
      `(twice bufferBytes); await calls before the next ones, or raise bufferBytes`,
    { topic: name },
  )
}
