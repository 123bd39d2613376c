import { SnapstreamError } from '@snapstream/core'
import type { Owner } from '../producer/partition-queue.ts'
import { WITH_VALUE, checkMeta } from '../record/check-input.ts'
import { toHeaders } from '../record/encode-record.ts'
import { notOpen } from './topic-sender.ts'
import type { TopicLifecycle } from '../topic/topic-lifecycle.ts'
import type { RecordMeta } from '../record/topic-record.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

export type CallOptions = RecordMeta & { readonly key?: unknown }

/** `await topic(value, { key })`, and what a checkpoint has to know about such calls. */
export interface TopicCall {
  send(value: unknown, options?: CallOptions): Promise<void>
  /** Whether a call failed since this was last asked. */
  takeFailed(): boolean
}

/**
 * A sink waits when `bufferBytes` are not acknowledged. A call cannot make its caller wait, who may go on without: beyond
 * that many times as much it is refused, or nothing would bound what is held.
 */
const CALLS_BUFFER_FACTOR = 2

export function topicCall(spec: TopicSpec, lifecycle: Pick<TopicLifecycle, 'current'>): TopicCall {
  let failed = false

  function take(value: unknown, options: CallOptions, owner: Owner): void | Promise<void> {
    const { current } = lifecycle
    if (current === undefined) throw notOpen(spec.name)
    const { sender, host, settings } = current
    checkMeta(options, spec.name, WITH_VALUE)
    const { key = null, headers, timestamp = host.now(), partition, topic } = options
    const limit = CALLS_BUFFER_FACTOR * settings.producer.bufferBytes
    if (sender.waitingBytes > limit) throw bufferFull(spec.name, limit)
    return sender.send({ key, value, headers: toHeaders(headers, spec.name), timestamp, partition, topic }, owner)
  }

  return {
    // Callers may have many under way: one promise is made for each, and no more.
    send: (value, options = {}) =>
      new Promise((resolve, reject) => {
        const fail = (error: unknown) => {
          failed = true
          reject(error)
        }
        try {
          take(value, options, { acknowledged: resolve, failed: fail })?.catch(fail)
        } catch (error) {
          fail(error)
        }
      }),
    takeFailed() {
      const was = failed
      failed = false
      return was
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
