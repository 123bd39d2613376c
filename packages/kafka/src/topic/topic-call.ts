import type { Owner } from '../producer/partition-queue.ts'
import { checkMeta } from './check-input.ts'
import { toHeaders } from './encode-record.ts'
import { notOpen } from './not-open.ts'
import { refuseMany } from './refuse-many.ts'
import type { TopicLifecycle } from './topic-lifecycle.ts'
import type { RecordMeta } from './topic-record.ts'
import type { TopicSpec } from './topic-spec.ts'

export type CallOptions = RecordMeta & { readonly key?: unknown }

/** `await topic(value, { key })`, and what a checkpoint has to know about such calls. */
export interface TopicCall {
  send(value: unknown, options?: CallOptions): Promise<void>
  /** Whether a call failed since this was last asked. */
  takeFailed(): boolean
}

export function topicCall(spec: TopicSpec, lifecycle: Pick<TopicLifecycle, 'current'>): TopicCall {
  let failed = false

  async function send(value: unknown, options: CallOptions = {}): Promise<void> {
    const { current } = lifecycle
    if (spec.single === undefined) throw refuseMany(spec.name)
    if (current?.sender === undefined) throw notOpen(spec.name)
    const { sender, host } = current
    const { key = null, ...meta } = options
    checkMeta(meta, spec.name)
    const headers = toHeaders(meta.headers, spec.name)
    const { timestamp = Math.floor(host.now()), partition } = meta
    await new Promise<void>((resolve, reject) => {
      const owner: Owner = { acknowledged: resolve, failed: reject }
      const taken = sender.send({ key, value, headers, timestamp, partition }, owner)
      taken?.catch(reject)
    })
  }

  return {
    async send(value, options) {
      try {
        await send(value, options)
      } catch (error) {
        failed = true
        throw error
      }
    },
    takeFailed() {
      const was = failed
      failed = false
      return was
    },
  }
}
