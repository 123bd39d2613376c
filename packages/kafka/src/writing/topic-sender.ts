import { SnapstreamError, describe } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { ProduceRecord, TopicPartition } from '../driver/driver.ts'
import { RECORD_HEAP_BYTES, wireBytes } from '../producer/accumulator.ts'
import type { DeliveryListener } from '../producer/accumulator.ts'
import { acquireProducer } from '../producer/producer-pool.ts'
import type { ProducerLease } from '../producer/producer-pool.ts'
import { dryTopic } from '../producer/producer.ts'
import type { Producer, ProducerTopic } from '../producer/producer.ts'
import { recordEncoder } from '../record/encode-record.ts'
import { TOPIC_NAME, isTopicName } from '../driver/topic-name.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

/** A record before it is encoded. */
interface UnencodedRecord {
  readonly key: unknown
  readonly value: unknown
  readonly headers: ProduceRecord['headers']
  readonly timestamp: ProduceRecord['timestamp']
  /** Undefined: the partitioner's choice. */
  readonly partition: number | undefined
  /** Undefined: the topic's own name. */
  readonly topic: string | undefined
}

/** Writes to a topic, and to others that records name, while it is open; to each in the order of the calls. */
export interface TopicSender {
  /** Connects, and looks the topic's own name up. Without it the first record does. */
  connect(): Promise<void>
  /**
   * Takes a record. Throws or rejects with what is wrong with it; the listener is told the outcome of a record that was
   * taken. A promise has to be awaited before the next record: the buffer is full, or an earlier record is not encoded.
   */
  send(record: UnencodedRecord, listener: DeliveryListener): void | Promise<void>
  /** The same for a record that is encoded, by default to the topic's own name. */
  sendEncoded(record: ProduceRecord, listener: DeliveryListener, to?: TopicPartition): void | Promise<void>
  /** The memory of all records that are not acknowledged, in bytes. */
  readonly bufferedBytes: number
  /** Resolves when every record sent so far is acknowledged or has failed. */
  drained(): Promise<void>
  /** Releases the producer. Records that are not acknowledged may be lost: await `drained` before. */
  close(): Promise<void>
}

/** A topic that records go to, and those that wait for it. */
interface Destination {
  readonly topic: string
  readonly encode: ReturnType<typeof recordEncoder>
  /** Undefined until it was looked up. */
  found: ProducerTopic | undefined
  finding: Promise<void> | undefined
  /** The last record that waits: to be encoded, or for the topic to be looked up. Later ones wait for it. Never rejects. */
  tail: Promise<void> | undefined
  /** The memory of the records that wait. */
  waitingBytes: number
}

export interface TopicSenderOptions {
  readonly spec: TopicSpec
  readonly settings: ResolvedSettings
  /** The host when the first record is sent. */
  readonly clock: { readonly host: Host }
  /** A record was not sent because the topic is dry. */
  warnDry(): void
}

export function topicSender({ spec, settings, clock, warnDry }: TopicSenderOptions): TopicSender {
  const destinations = new Map<string, Destination>()
  let lease: Promise<ProducerLease> | undefined
  let producer: Producer | undefined
  let closed = false

  async function connected(): Promise<Producer> {
    const mine = (lease ??= acquireProducer(settings, clock.host))
    mine.catch(() => {
      if (lease === mine) lease = undefined
    })
    const acquired = await mine
    producer = acquired.producer
    return producer
  }

  function destination(topic: string): Destination {
    const known = destinations.get(topic)
    if (known !== undefined) return known
    if (!isTopicName(topic)) throw notATopicName(spec.name, topic)
    const made: Destination = {
      topic,
      encode: recordEncoder(spec, topic),
      found: spec.dry ? dryTopic(topic, settings.producer) : undefined,
      finding: undefined,
      tail: undefined,
      waitingBytes: 0,
    }
    destinations.set(topic, made)
    return made
  }

  const own = spec.single === undefined ? undefined : destination(spec.single)

  function named(topic: string | undefined): Destination {
    const to = topic === undefined ? own : destination(topic)
    if (to === undefined) throw topicNotNamed(spec.name)
    return to
  }

  /** Looks the topic up. One that was not found is looked for again by the next record. */
  function find(to: Destination): Promise<void> {
    to.finding ??= lookUp(to).catch((error: unknown) => {
      to.finding = undefined
      throw error
    })
    return to.finding
  }

  async function lookUp(to: Destination): Promise<void> {
    if (closed) throw notOpen(spec.name)
    if (spec.dry) return
    const { topic } = await connected()
    try {
      to.found = await topic(to.topic)
    } catch (error) {
      throw to.topic === spec.single ? error : namedMissing(spec.name, error)
    }
  }

  function take(
    to: Destination,
    record: ProduceRecord | PromiseLike<ProduceRecord>,
    partition: number | undefined,
    listener: DeliveryListener,
  ): void | Promise<void> {
    if (to.tail !== undefined || to.found === undefined || isThenable(record))
      return takeLater(to, record, partition, listener)
    return produce(to.found, record, partition, listener)
  }

  function produce(
    topic: ProducerTopic,
    record: ProduceRecord,
    partition: number | undefined,
    listener: DeliveryListener,
  ): Promise<void> | undefined {
    if (closed) throw notOpen(spec.name)
    const room = topic.send(record, partition, listener)
    if (spec.dry) warnDry()
    return room
  }

  async function takeLater(
    to: Destination,
    record: ProduceRecord | PromiseLike<ProduceRecord>,
    partition: number | undefined,
    listener: DeliveryListener,
  ): Promise<void> {
    const before = to.tail
    const encoded = Promise.resolve(record)
    // It may reject before it is awaited.
    encoded.catch(() => {})
    const bytes = RECORD_HEAP_BYTES + (isThenable(record) ? 0 : wireBytes(record))
    to.waitingBytes += bytes
    let room: Promise<void> | undefined
    const taken = (async () => {
      await before
      await find(to)
      room = produce(to.found as ProducerTopic, await encoded, partition, listener)
    })()
    const mine = taken.catch(() => {})
    to.tail = mine
    await mine
    to.waitingBytes -= bytes
    if (to.tail === mine) {
      to.tail = undefined
      // Names of topics that do not exist are not kept.
      if (to.finding === undefined && to !== own) destinations.delete(to.topic)
    }
    await taken
    await room
  }

  return {
    async connect() {
      if (own !== undefined) await find(own)
      else if (!spec.dry) await connected()
    },
    send({ key, value, headers, timestamp, partition, topic }, listener) {
      const to = named(topic)
      const taken = take(to, to.encode(key, value, headers, timestamp), partition, listener)
      return taken && tellUnreachable(taken, listener)
    },
    sendEncoded: (record, listener, at) => take(named(at?.topic), record, at?.partition, listener),
    get bufferedBytes() {
      let bytes = producer?.bufferedBytes ?? 0
      for (const { waitingBytes } of destinations.values()) bytes += waitingBytes
      return bytes
    },
    async drained() {
      await Promise.all(
        Array.from(destinations.values(), async (to) => {
          await to.tail
          await to.found?.drained()
        }),
      )
    },
    async close() {
      closed = true
      const leased = await lease?.catch(() => undefined)
      lease = undefined
      producer = undefined
      await leased?.release()
    },
  }
}

/** A call before the topic was opened, or after it was closed. */
export function notOpen(name: string): SnapstreamError {
  return new SnapstreamError(
    'NOT_OPEN',
    `the topic ${JSON.stringify(name)} is not open; call await topic.open() first, ` +
      `or bind it to a handler: snap(source, { sink: [topic] }) or { use: [topic] }`,
    { topic: name },
  )
}

/** No broker answered when the topic was looked up: that is nothing wrong with the one record that came first. */
async function tellUnreachable(taken: Promise<void>, listener: DeliveryListener): Promise<void> {
  try {
    await taken
  } catch (error) {
    if (!SnapstreamError.is(error) || error.code !== 'BROKER_UNREACHABLE') throw error
    listener.failed(error)
  }
}

/** For a record without a topic's name, where there are several names or a pattern. */
function topicNotNamed(name: string): SnapstreamError {
  return new SnapstreamError(
    'SINK_REFUSED',
    `Topic(${name}) stands for several topics, so each record has to name the one it goes to: ` +
      `[key, value, { topic }], or topic(value, { topic }); or write to a Topic with one name`,
    { topic: name },
  )
}

/** For a record that names what cannot be a topic. */
function notATopicName(name: string, topic: string): SnapstreamError {
  return new SnapstreamError(
    'SINK_REFUSED',
    `a record that was written to ${JSON.stringify(name)} names ${describe(topic)} as the topic it goes to; ` +
      `a topic's name has ${TOPIC_NAME}`,
    { topic: name },
  )
}

/** The same error, with what to do about it, if a record names a topic that does not exist. */
function namedMissing(name: string, cause: unknown): unknown {
  if (!SnapstreamError.is(cause) || cause.code !== 'TOPIC_MISSING') return cause
  const { topic = '' } = cause
  return new SnapstreamError(
    'TOPIC_MISSING',
    `a record that was written to ${JSON.stringify(name)} names ${JSON.stringify(topic)} as the topic it goes to, and ` +
      `that does not exist; create it first, as with Admin().createTopic (the option create is for a topic's own name)`,
    { topic, cause },
  )
}
