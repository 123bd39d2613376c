import type { Headers, Host } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { ProduceRecord } from '../driver/driver.ts'
import type { Owner } from '../producer/partition-queue.ts'
import { acquireProducer } from '../producer/producer-pool.ts'
import type { ProducerLease } from '../producer/producer-pool.ts'
import type { TopicQueue } from '../producer/topic-queue.ts'
import { recordEncoder } from './encode-record.ts'
import { notOpen } from './not-open.ts'
import { missing } from './prepare-topics.ts'
import { isThenable } from './thenable.ts'
import type { TopicSpec } from './topic-spec.ts'

/** What is to be written, and who is told. */
interface Sending {
  readonly key: unknown
  readonly value: unknown
  readonly headers: Headers
  readonly timestamp: number
  readonly partition: number | undefined
}

/** Writes to one topic while it is open, in the order of the calls. */
export interface TopicSender {
  /** Connects; without it the first record does. */
  connect(): Promise<void>
  /**
   * Throws or rejects with what is wrong with the record. A promise is to be waited for before the next one. What becomes
   * of a record that was taken, its owner is told.
   */
  send(sending: Sending, owner: Owner): void | Promise<void>
  /** The same with bytes instead of values. */
  sendBytes(record: ProduceRecord, partition: number | undefined, owner: Owner): void | Promise<void>
  /** Resolves when everything that was sent by now is acknowledged or has failed. */
  drained(): Promise<void>
  /** Lets go of the producer. What is not acknowledged may be lost: call `drained` before. */
  close(): Promise<void>
}

export interface TopicSenderOptions {
  readonly spec: TopicSpec
  readonly topic: string
  readonly settings: ResolvedSettings
  /** Whose time counts, once there is something to send. */
  readonly clock: { readonly host: Host }
  /** A record was not sent because the topic is dry. */
  warnDry(): void
}

export function topicSender({ spec, topic, settings, clock, warnDry }: TopicSenderOptions): TopicSender {
  const encode = recordEncoder(spec, topic)
  let lease: Promise<ProducerLease> | undefined
  let queue: TopicQueue | undefined
  let connecting: Promise<void> | undefined
  /** While something is awaited, what comes after it waits as well. Never rejects. */
  let tail: Promise<void> | undefined
  let closed = false

  function connect(): Promise<void> {
    connecting ??= open().catch((error: unknown) => {
      connecting = undefined
      throw error
    })
    return connecting
  }

  async function open(): Promise<void> {
    if (closed) throw notOpen(topic)
    if (spec.dry) return
    lease ??= acquireProducer(settings, clock.host)
    const acquired = lease
    acquired.catch(() => {
      if (lease === acquired) lease = undefined
    })
    const { accumulator } = await acquired
    try {
      const found = await accumulator.topic(topic)
      if (!closed) queue = found
    } catch (error) {
      throw missing(error)
    }
  }

  function add(record: ProduceRecord, partition: number | undefined, owner: Owner): Promise<void> | undefined {
    if (queue !== undefined) return queue.add(record, partition, owner)
    if (!spec.dry || closed) throw notOpen(topic)
    warnDry()
    owner.acknowledged()
    return undefined
  }

  function take(
    record: ProduceRecord | PromiseLike<ProduceRecord>,
    partition: number | undefined,
    owner: Owner,
  ): void | Promise<void> {
    const connected = queue !== undefined || spec.dry
    if (tail === undefined && connected && !isThenable(record)) return add(record, partition, owner)
    return later(record, partition, owner)
  }

  async function later(
    record: ProduceRecord | PromiseLike<ProduceRecord>,
    partition: number | undefined,
    owner: Owner,
  ): Promise<void> {
    const before = tail ?? Promise.resolve()
    const encoded = Promise.resolve(record)
    // It may fail while it is not looked at yet.
    encoded.catch(() => {})
    let room: Promise<void> | undefined
    const added = before.then(connect).then(async () => {
      room = add(await encoded, partition, owner)
    })
    const mine = added.catch(() => {})
    tail = mine
    await mine
    if (tail === mine) tail = undefined
    await added
    await room
  }

  return {
    connect,
    send: ({ key, value, headers, timestamp, partition }, owner) =>
      take(encode(key, value, headers, timestamp), partition, owner),
    sendBytes: take,
    async drained() {
      await tail
      await queue?.drained()
    },
    async close() {
      closed = true
      const acquired = await lease?.catch(() => undefined)
      lease = undefined
      queue = undefined
      await acquired?.release()
    },
  }
}
