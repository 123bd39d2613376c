import { SnapstreamError, describe } from '@snapstream/core'
import type { Host, MaybePromise } from '@snapstream/core'
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
import type { RecordEncoder } from '../record/encode-record.ts'
import { TOPIC_NAME, isTopicName } from '../driver/topic-name.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import type { UnencodedRecord } from './unencoded-record.ts'

/** A record that is encoded and checked, with the topic it goes to. */
export interface PreparedRecord {
  readonly to: Pick<ProducerTopic, 'send'>
  readonly record: ProduceRecord
  /** Undefined: the partitioner's choice. */
  readonly partition: number | undefined
  readonly listener: DeliveryListener
  /** Its `wireBytes`. */
  readonly bytes: number
}

/** Writes to a topic, and to other topics that records name, while it is open; to each in the order of the calls. */
export interface TopicSender {
  /** Connects, and looks up the topic's own name. Without this call the first record does so. */
  connect(): Promise<void>
  /**
   * Takes a record. Throws or rejects if the record is invalid; otherwise the listener learns its outcome. The caller awaits a
   * promise before the next record: the buffer is full, or an earlier record is not encoded.
   */
  send(record: UnencodedRecord, listener: DeliveryListener): void | Promise<void>
  /** Takes a record that is encoded, like `send`. @param to default: the topic's own name and the partitioner's choice */
  sendEncoded(record: ProduceRecord, listener: DeliveryListener, to?: TopicPartition): void | Promise<void>
  /**
   * Encodes and checks a record that is sent later: `to.send(record, partition, listener, bytes)`. Throws or rejects as `send` does.
   * Returns a promise if the record's codec or the look-up of its topic does.
   */
  prepare(record: UnencodedRecord, listener: DeliveryListener): MaybePromise<PreparedRecord>
  /** Checks a record that is encoded, like `prepare`. @param to as for `sendEncoded` */
  prepareEncoded(record: ProduceRecord, listener: DeliveryListener, to?: TopicPartition): MaybePromise<PreparedRecord>
  /** The memory of all records that are not acknowledged, in bytes. */
  readonly bufferedBytes: number
  /** Resolves when every record sent so far is acknowledged or has failed. */
  drained(): Promise<void>
  /** Releases the producer. Records that are not acknowledged may be lost: await `drained` before. */
  close(): Promise<void>
}

export interface TopicSenderOptions {
  readonly spec: TopicSpec
  readonly settings: ResolvedSettings
  /** The producer to write by. */
  readonly lease: LazyLease
  /** Called when a record is not sent because the topic is dry. */
  warnDry(): void
}

export function topicSender({ spec, settings, lease, warnDry }: TopicSenderOptions): TopicSender {
  const destinations = new Map<string, Destination>()
  let closed = false

  async function lookUp(topic: string): Promise<ProducerTopic> {
    if (closed) throw notOpen(spec.name)
    if (spec.dry) return dryTopic(topic, settings.producer, warnDry)
    const producer = await lease.acquire()
    try {
      return await producer.topic(topic)
    } catch (error) {
      throw topic === spec.single ? error : namedMissing(spec.name, error)
    }
  }

  function destination(topic: string): Destination {
    const known = destinations.get(topic)
    if (known !== undefined) return known
    if (!isTopicName(topic)) throw notATopicName(spec.name, topic)
    const made = createDestination({ spec, topic, lookUp })
    destinations.set(topic, made)
    return made
  }

  const own = spec.single === undefined ? undefined : destination(spec.single)

  function named(topic: string | undefined): Destination {
    const to = topic === undefined ? own : destination(topic)
    if (to === undefined) throw topicNotNamed(spec.name)
    return to
  }

  async function waitFor(taken: Promise<void>, to: Destination, listener: DeliveryListener): Promise<void> {
    try {
      await taken
    } catch (error) {
      // Forget names of topics that do not exist.
      if (to !== own && to.isUnknown) destinations.delete(to.topic)
      if (!SnapstreamError.is(error) || error.code !== 'BROKER_UNREACHABLE') throw error
      // The look-up failed because no broker answered. The record is not at fault, so it does not fail alone.
      listener.failed(error)
    }
  }

  return {
    async connect() {
      if (own !== undefined) await own.connect()
      else if (!spec.dry) await lease.acquire()
    },
    send({ key, value, headers, timestamp, partition, topic }, listener) {
      const to = named(topic)
      const taken = to.take(to.encode(key, value, headers, timestamp), partition, listener)
      return taken && waitFor(taken, to, listener)
    },
    prepare({ key, value, headers, timestamp, partition, topic }, listener) {
      const to = named(topic)
      return to.prepare(to.encode(key, value, headers, timestamp), partition, listener)
    },
    prepareEncoded: (record, listener, at) => named(at?.topic).prepare(record, at?.partition, listener),
    sendEncoded: (record, listener, at) => named(at?.topic).take(record, at?.partition, listener),
    get bufferedBytes() {
      let bytes = lease.producer?.bufferedBytes ?? 0
      for (const { waitingBytes } of destinations.values()) bytes += waitingBytes
      return bytes
    },
    async drained() {
      await Promise.all(Array.from(destinations.values(), (to) => to.drained()))
    },
    async close() {
      closed = true
      for (const to of destinations.values()) to.close()
      await lease.release()
    },
  }
}

/** A producer that is acquired at the first use. */
export interface LazyLease {
  /** Undefined until it was acquired. */
  readonly producer: Producer | undefined
  acquire(): Promise<Producer>
  release(): Promise<void>
}

/**
 * Leases the producer that all topics with the same settings share.
 *
 * @param clock holds the host that is used when the first record is sent
 */
export function pooledProducer(settings: ResolvedSettings, clock: { readonly host: Host }): LazyLease {
  let acquiring: Promise<ProducerLease> | undefined
  let acquired: ProducerLease | undefined
  return {
    get producer() {
      return acquired?.producer
    },
    async acquire() {
      const mine = (acquiring ??= acquireProducer(settings, clock.host))
      try {
        acquired = await mine
        return acquired.producer
      } catch (error) {
        if (acquiring === mine) acquiring = undefined
        throw error
      }
    },
    async release() {
      const lease = await acquiring?.catch(() => undefined)
      acquiring = acquired = undefined
      await lease?.release()
    },
  }
}

/** One topic that is written to, in the order of the calls. */
interface Destination {
  readonly topic: string
  readonly encode: RecordEncoder
  /** Looks up the topic. Without this call the first record does so. */
  connect(): Promise<ProducerTopic>
  /** Takes a record that is encoded, or a promise of one; otherwise like `send` of the sender. */
  take(
    record: ProduceRecord | PromiseLike<ProduceRecord>,
    partition: number | undefined,
    listener: DeliveryListener,
  ): void | Promise<void>
  /** Checks a record that is encoded, or a promise of one, to be sent later. */
  prepare(
    record: ProduceRecord | PromiseLike<ProduceRecord>,
    partition: number | undefined,
    listener: DeliveryListener,
  ): MaybePromise<PreparedRecord>
  /** The memory of records that wait for their encoding or for the look-up of the topic, in bytes. */
  readonly waitingBytes: number
  /** Whether the topic was not found, and no record waits for another look-up. */
  readonly isUnknown: boolean
  drained(): Promise<void>
  /** Refuses all later records, and those that wait. */
  close(): void
}

interface DestinationOptions {
  readonly spec: TopicSpec
  readonly topic: string
  lookUp(topic: string): Promise<ProducerTopic>
}

function createDestination({ spec, topic, lookUp }: DestinationOptions): Destination {
  let lookingUp: Promise<ProducerTopic> | undefined
  let found: ProducerTopic | undefined
  /** Resolves when every waiting record was taken. The next record waits for it. Never rejects. */
  let tail: Promise<void> | undefined
  let waitingBytes = 0
  let closed = false

  async function connect(): Promise<ProducerTopic> {
    const mine = (lookingUp ??= lookUp(topic))
    try {
      return (found = await mine)
    } catch (error) {
      // The next record looks up the topic again.
      if (lookingUp === mine) lookingUp = undefined
      throw error
    }
  }

  async function takeLater(
    record: ProduceRecord | PromiseLike<ProduceRecord>,
    partition: number | undefined,
    listener: DeliveryListener,
  ): Promise<void> {
    const before = tail
    const encoded = Promise.resolve(record)
    // It may reject before it is awaited.
    encoded.catch(() => {})
    const bytes = RECORD_HEAP_BYTES + (isThenable(record) ? 0 : wireBytes(record))
    waitingBytes += bytes
    let room: Promise<void> | undefined
    const taken = (async () => {
      await before
      const to = await connect()
      const ready = await encoded
      if (closed) throw notOpen(spec.name)
      room = to.send(ready, partition, listener)
    })()
    const mine = taken.catch(() => {})
    tail = mine
    await mine
    waitingBytes -= bytes
    if (tail === mine) tail = undefined
    await taken
    await room
  }

  function prepared(
    to: ProducerTopic,
    record: ProduceRecord,
    partition: number | undefined,
    listener: DeliveryListener,
  ) {
    if (closed) throw notOpen(spec.name)
    return { to, record, partition, listener, bytes: to.check(record, partition) }
  }

  return {
    topic,
    encode: recordEncoder(spec, topic),
    connect,
    take(record, partition, listener) {
      if (tail !== undefined || found === undefined || isThenable(record)) return takeLater(record, partition, listener)
      if (closed) throw notOpen(spec.name)
      return found.send(record, partition, listener)
    },
    prepare(record, partition, listener) {
      if (found !== undefined && !isThenable(record)) return prepared(found, record, partition, listener)
      // Both may reject before they are awaited.
      return Promise.all([connect(), record]).then(([to, ready]) => prepared(to, ready, partition, listener))
    },
    get waitingBytes() {
      return waitingBytes
    },
    get isUnknown() {
      return lookingUp === undefined && tail === undefined
    },
    async drained() {
      await tail
      await found?.drained()
    },
    close() {
      closed = true
    },
  }
}

/** The error for a call before the topic was opened, or after it was closed. */
export function notOpen(name: string): SnapstreamError {
  return new SnapstreamError(
    'NOT_OPEN',
    `the topic ${JSON.stringify(name)} is not open; call await topic.open() first, ` +
      `or bind it to a handler: snap(source, { sink: [topic] }) or { use: [topic] }`,
    { topic: name },
  )
}

/** The error for a record without the name of a topic, if the Topic has several names or a pattern. */
function topicNotNamed(name: string): SnapstreamError {
  return new SnapstreamError(
    'SINK_REFUSED',
    `Topic(${name}) stands for several topics, so each record has to name the one it goes to: ` +
      `[key, value, { topic }], or topic(value, { topic }); or write to a Topic with one name`,
    { topic: name },
  )
}

/** The error for a record whose topic is no valid name. */
function notATopicName(name: string, topic: string): SnapstreamError {
  return new SnapstreamError(
    'SINK_REFUSED',
    `a record that was written to ${JSON.stringify(name)} names ${describe(topic)} as the topic it goes to; ` +
      `a topic's name has ${TOPIC_NAME}`,
    { topic: name },
  )
}

/** Adds advice to `TOPIC_MISSING` for a record that names a missing topic. Other errors stay as they are. */
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
