import { SnapstreamError } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { ProduceRecord, TopicPartition } from '../driver/driver.ts'
import type { Owner } from '../producer/partition-queue.ts'
import { acquireProducer } from '../producer/producer-pool.ts'
import type { ProducerLease } from '../producer/producer-pool.ts'
import { refuseTooLarge } from '../producer/record-size.ts'
import type { TopicQueue } from '../producer/topic-queue.ts'
import { isTopicName } from '../driver/topic-name.ts'
import { nameOne, namedMissing, notAName } from './route-error.ts'
import { topicRoute } from './topic-route.ts'
import type { TopicRoute } from './topic-route.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

/** What is to be written, and where to. */
interface Sending {
  readonly key: unknown
  readonly value: unknown
  readonly headers: ProduceRecord['headers']
  readonly timestamp: ProduceRecord['timestamp']
  readonly partition: number | undefined
  /** Undefined: the topic's own. */
  readonly topic: string | undefined
}

/** Writes to a topic, and to others that records name, while it is open; to each in the order of the calls. */
export interface TopicSender {
  /** Connects, and looks the topic's own name up; without it the first record does. */
  connect(): Promise<void>
  /**
   * Throws or rejects with what is wrong with the record. A promise is to be waited for before the next one. What becomes
   * of a record that was taken, its owner is told.
   */
  send(sending: Sending, owner: Owner): void | Promise<void>
  /** The same with bytes instead of values, to the topic's own name, or into a partition. */
  sendBytes(record: ProduceRecord, owner: Owner, to?: TopicPartition): void | Promise<void>
  /** How much waits to be acknowledged, in bytes. */
  readonly waitingBytes: number
  /** Resolves when everything that was sent by now is acknowledged or has failed. */
  drained(): Promise<void>
  /** Lets go of the producer. What is not acknowledged may be lost: call `drained` before. */
  close(): Promise<void>
}

export interface TopicSenderOptions {
  readonly spec: TopicSpec
  readonly settings: ResolvedSettings
  /** Whose time counts, once there is something to send. */
  readonly clock: { readonly host: Host }
  /** A record was not sent because the topic is dry. */
  warnDry(): void
}

export function topicSender({ spec, settings, clock, warnDry }: TopicSenderOptions): TopicSender {
  const { maxRequestBytes } = settings.producer
  const routes = new Map<string, TopicRoute>()
  let lease: Promise<ProducerLease> | undefined
  let acquired: ProducerLease | undefined
  let closed = false

  async function accumulator() {
    lease ??= acquireProducer(settings, clock.host)
    const mine = lease
    mine.catch(() => {
      if (lease === mine) lease = undefined
    })
    acquired = await mine
    return acquired.accumulator
  }

  async function find(topic: string): Promise<TopicQueue | undefined> {
    if (closed) throw notOpen(spec.name)
    if (spec.dry) return undefined
    const { topic: queueOf } = await accumulator()
    try {
      return await queueOf(topic)
    } catch (error) {
      throw topic === spec.single ? error : namedMissing(spec.name, error)
    }
  }

  function routeTo(topic: string): TopicRoute {
    const known = routes.get(topic)
    if (known !== undefined) return known
    if (!isTopicName(topic)) throw notAName(spec.name, topic)
    const made = topicRoute({
      spec,
      topic,
      find: () => find(topic),
      check(bytes) {
        if (closed) throw notOpen(spec.name)
        refuseTooLarge(bytes, topic, maxRequestBytes)
      },
      warnDry,
      unused() {
        if (routes.get(topic) === made) routes.delete(topic)
      },
    })
    routes.set(topic, made)
    return made
  }

  const own = spec.single === undefined ? undefined : routeTo(spec.single)

  function named(topic: string | undefined): TopicRoute {
    const route = topic === undefined ? own : routeTo(topic)
    if (route === undefined) throw nameOne(spec.name)
    return route
  }

  async function unreachable(taken: Promise<void>, owner: Owner): Promise<void> {
    try {
      await taken
    } catch (error) {
      // Nothing is wrong with the one record that happened to come first.
      if (!SnapstreamError.is(error) || error.code !== 'BROKER_UNREACHABLE') throw error
      owner.failed(error)
    }
  }

  return {
    async connect() {
      if (own !== undefined) await own.connect()
      else if (!spec.dry) await accumulator()
    },
    send({ key, value, headers, timestamp, partition, topic }, owner) {
      const route = named(topic)
      const taken = route.take(route.encode(key, value, headers, timestamp), partition, owner)
      return taken && unreachable(taken, owner)
    },
    sendBytes: (record, owner, to) => named(to?.topic).take(record, to?.partition, owner),
    get waitingBytes() {
      let bytes = acquired?.accumulator.bufferedBytes ?? 0
      for (const route of routes.values()) bytes += route.heldBytes
      return bytes
    },
    async drained() {
      await Promise.all(Array.from(routes.values(), (route) => route.drained()))
    },
    async close() {
      closed = true
      const leased = await lease?.catch(() => undefined)
      lease = undefined
      acquired = undefined
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
