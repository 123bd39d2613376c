import type { ProduceRecord } from '../driver/driver.ts'
import type { Owner } from '../producer/partition-queue.ts'
import { RECORD_HEAP_BYTES, wireBytes } from '../producer/record-size.ts'
import type { TopicQueue } from '../producer/topic-queue.ts'
import { recordEncoder } from '../record/encode-record.ts'
import type { RecordEncoder } from '../record/encode-record.ts'
import { isThenable } from '../topic/thenable.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

/** The way of records to one topic, in the order in which they come. */
export interface TopicRoute {
  readonly encode: RecordEncoder
  /** Looks the topic up; without it the first record does. */
  connect(): Promise<void>
  /** Throws or rejects with what is wrong with the record. A promise is to be waited for before the next one. */
  take(
    record: ProduceRecord | PromiseLike<ProduceRecord>,
    partition: number | undefined,
    owner: Owner,
  ): void | Promise<void>
  /** Bytes of records that wait to be encoded, or for the topic to be looked up. */
  readonly heldBytes: number
  /** Resolves when everything that was taken by now is acknowledged or has failed. */
  drained(): Promise<void>
}

export interface TopicRouteOptions {
  readonly spec: TopicSpec
  readonly topic: string
  /** The queue of the topic; undefined where nothing is sent, because the topic is dry. */
  find(): Promise<TopicQueue | undefined>
  /** Throws if a record of so many bytes is too large, or the topic is closed. */
  check(bytes: number): void
  /** A record was not sent because the topic is dry. */
  warnDry(): void
  /** Nothing waits here, and the topic was not found: the route need not be kept. */
  unused(): void
}

export function topicRoute({ spec, topic, find, check, warnDry, unused }: TopicRouteOptions): TopicRoute {
  let queue: TopicQueue | undefined
  let connecting: Promise<void> | undefined
  let held = 0
  /** While something is awaited, what comes after it waits as well. Never rejects. */
  let tail: Promise<void> | undefined

  function connect(): Promise<void> {
    connecting ??= find().then(
      (found) => {
        queue = found
      },
      (error: unknown) => {
        connecting = undefined
        throw error
      },
    )
    return connecting
  }

  function add(record: ProduceRecord, partition: number | undefined, owner: Owner): Promise<void> | undefined {
    const bytes = wireBytes(record)
    check(bytes)
    if (queue !== undefined) return queue.add(record, bytes, partition, owner)
    warnDry()
    owner.acknowledged()
    return undefined
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
    const bytes = RECORD_HEAP_BYTES + (isThenable(record) ? 0 : wireBytes(record))
    held += bytes
    let room: Promise<void> | undefined
    const added = before.then(connect).then(async () => {
      room = add(await encoded, partition, owner)
    })
    const mine = added.catch(() => {})
    tail = mine
    await mine
    held -= bytes
    if (tail === mine) {
      tail = undefined
      if (connecting === undefined) unused()
    }
    await added
    await room
  }

  return {
    encode: recordEncoder(spec, topic),
    connect,
    take(record, partition, owner) {
      const connected = queue !== undefined || spec.dry
      if (tail === undefined && connected && !isThenable(record)) return add(record, partition, owner)
      return later(record, partition, owner)
    },
    get heldBytes() {
      return held
    },
    async drained() {
      await tail
      await queue?.drained()
    },
  }
}
