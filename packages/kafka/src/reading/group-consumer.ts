import { SnapstreamError, toError } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { sameSettings } from '../conf/resolve-settings.ts'
import type {
  ConsumerSettings,
  DriverConsumer,
  RecordBatch,
  TopicPartition,
  TopicPartitionOffset,
  TransactionalProducer,
} from '../driver/driver.ts'
import { groupBy, partitionKey } from '../driver/topic-partition.ts'
import { consumerStores } from './group-stores.ts'

/** A reader of one topic (or several, or a pattern): its subscription, and the calls that it gets from the consumer. */
export interface TopicSubscriber {
  /** The name in messages. */
  readonly name: string
  readonly topics: readonly string[] | RegExp
  /** Topics of other subscribers of the same consumer that are co-partitioned with those of this one. */
  readonly copartitionedWith: readonly string[]
  /** The transactional id under which its offsets are committed; undefined: they are committed by `commit`. */
  readonly transactionalId: string | undefined
  /** The offset to start at in a partition without a committed offset. */
  readonly startOffset: NonNullable<ConsumerSettings['startOffset']>
  /** Called before the first batch of these partitions, and awaited. Resolves with other offsets to start at. */
  assigned(partitions: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]>
  /** Called before the partitions go to another member, and awaited. `'lost'`: another member may own them already. */
  revoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void>
  push(batch: RecordBatch): void
  /** A fetch of a partition brought no record: the partition ends at this offset. */
  endsAt(end: TopicPartitionOffset): void
  /** An operation failed and is retried. */
  trouble(error: Error): void
  /** Reading cannot go on. */
  fail(error: Error): void
}

/** One consumer for all the topics that are read with one group in a run. */
export interface GroupConsumer {
  readonly groupId: string | null
  readonly settings: ResolvedSettings
  readonly subscribers: ReadonlySet<TopicSubscriber>
  /** Whether the last subscriber has left. */
  readonly closed: boolean
  /** Throws `USAGE` once reading has begun. */
  join(subscriber: TopicSubscriber): void
  /** Subscribes to the topics of all subscribers, and passes batches on to them. A second call does nothing. */
  start(): void
  release(batch: RecordBatch): void
  /** Goes on from another offset of a partition: later batches begin there. */
  seek(to: TopicPartitionOffset): void
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void>
  /** Adds offsets to the open transaction of a producer. Resolves with false if one of the partitions was lost. */
  commitIn(producer: TransactionalProducer, offsets: readonly TopicPartitionOffset[]): Promise<boolean>
  /** The committed offsets, once no transaction is pending on them; partitions without one are left out. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>
  /** Removes a subscriber. The last one to leave closes the consumer. */
  leave(subscriber: TopicSubscriber): Promise<void>
}

/** The topics that a subscriber reads. */
type TopicRead = Pick<TopicSubscriber, 'name' | 'topics'>

const SCOPE_KEY = '~snapstream.kafka.consumers'

/**
 * The consumer for a reader of a run. Readers with the same group and settings share one; a reader without a group has its own.
 * Throws `USAGE` if another reader of the run reads the same topic with the same group.
 *
 * @param scope the map of the run
 */
export function consumerFor(
  scope: Map<unknown, unknown>,
  settings: ResolvedSettings,
  groupId: string | null,
  reader: TopicRead,
): GroupConsumer {
  if (groupId === null) return groupConsumer(scope, settings, null)
  const consumers = (scope.get(SCOPE_KEY) as Set<GroupConsumer> | undefined) ?? new Set<GroupConsumer>()
  scope.set(SCOPE_KEY, consumers)
  for (const consumer of consumers) if (consumer.closed) consumers.delete(consumer)
  const brokersOf = ({ client }: ResolvedSettings) => client.brokers.toSorted().join()
  const sameGroup = [...consumers].filter(
    (one) =>
      one.groupId === groupId &&
      one.settings.driver === settings.driver &&
      brokersOf(one.settings) === brokersOf(settings),
  )
  for (const { subscribers } of sameGroup) for (const other of subscribers) refuseBoth(reader, other, groupId)
  const shared = sameGroup.find((one) => sameSettings(one.settings, settings, 'consumer'))
  if (shared !== undefined) return shared
  const { groupInstanceId } = settings.consumer
  if (groupInstanceId !== undefined)
    for (const other of sameGroup)
      if (other.settings.consumer.groupInstanceId === groupInstanceId)
        throw twoInstances(groupInstanceId, reader.name, groupId)
  const own = groupConsumer(scope, settings, groupId)
  consumers.add(own)
  return own
}

function groupConsumer(
  scope: Map<unknown, unknown>,
  settings: ResolvedSettings,
  groupId: string | null,
): GroupConsumer {
  const subscribers = new Set<TopicSubscriber>()
  /** The subscriber of each topic that was read, so that patterns are matched once. */
  const byTopic = new Map<string, TopicSubscriber | undefined>()
  let consumer: DriverConsumer | undefined
  let running: Promise<void> | undefined
  let closed = false
  let polling = false
  /** The sought offsets, by partition, for which a batch from before the seek may still arrive. */
  const uncertain = new Map<string, TopicPartitionOffset>()

  function subscriberOf(topic: string): TopicSubscriber | undefined {
    if (byTopic.has(topic)) return byTopic.get(topic)
    const [subscriber, other] = [...subscribers].filter((candidate) => covers(candidate, topic))
    if (subscriber !== undefined && other !== undefined) throw bothRead(subscriber.name, other.name, topic, groupId)
    byTopic.set(topic, subscriber)
    return subscriber
  }

  function bySubscriber<T extends TopicPartition>(partitions: readonly T[]): Map<TopicSubscriber, T[]> {
    const parts = groupBy(partitions, ({ topic }) => subscriberOf(topic))
    // Partitions of a reader that was closed stay unread until the others are closed as well.
    return new Map([...subscribers].flatMap((one) => (parts.has(one) ? [[one, parts.get(one) ?? []]] : [])))
  }

  /** The co-partitioned set of a subscriber, if it has one. Throws `USAGE` if no subscriber reads one of its topics. */
  function copartitioned({ name, topics, copartitionedWith }: TopicSubscriber): (readonly string[])[] {
    if (topics instanceof RegExp || copartitionedWith.length === 0) return []
    const missing = copartitionedWith.find((topic) => subscriberOf(topic) === undefined)
    if (missing !== undefined) throw notRead(name, missing, groupId)
    return [[...topics, ...copartitionedWith]]
  }

  async function run(): Promise<void> {
    const { driver, client, consumer: defaults } = settings
    const stores = consumerStores(scope, groupId, settings)
    // A run has one transaction, so its id is the same for all subscribers that have one.
    const [transactionalId] = [...subscribers].flatMap((one) => one.transactionalId ?? [])
    const made = await driver.client(client).consumer({
      ...defaults,
      groupId,
      ...(transactionalId !== undefined && { transactionalId }),
      topics: [...subscribers].flatMap(({ topics }): (string | RegExp)[] =>
        topics instanceof RegExp ? [topics] : [...topics],
      ),
      copartitioned: [...[...subscribers].flatMap(copartitioned), ...stores.copartitioned],
      ...(stores.state !== undefined && { state: stores.state }),
      startOffset: (topic, partition) => subscriberOf(topic)?.startOffset(topic, partition),
      async assigned(partitions) {
        const parts = bySubscriber(partitions)
        // Subscribers without new partitions are called as well: they may be waiting for it.
        const answers = await Promise.all([...subscribers].map((one) => one.assigned(parts.get(one) ?? [])))
        return answers.flat()
      },
      async revoked(partitions, reason) {
        for (const at of partitions) uncertain.delete(partitionKey(at))
        await Promise.all([...bySubscriber(partitions)].map(([one, part]) => one.revoked(part, reason)))
      },
      onEndOffset: (end) => subscriberOf(end.topic)?.endsAt(end),
      onTrouble(error) {
        for (const subscriber of subscribers) subscriber.trouble(error)
      },
    })
    if (closed) {
      await made.close()
      return
    }
    consumer = made
    stores.connect(() => made.rejoin())
    for (let batch = await poll(made); batch !== undefined; batch = await poll(made))
      // Without a subscriber the batch is not released either, so that no more of its partition is fetched.
      subscriberOf(batch.topic)?.push(batch)
    if (!closed) throw new SnapstreamError('KAFKA_FAILED', `the consumer of ${shownGroup(groupId)} ended by itself`)
  }

  async function poll(from: DriverConsumer): Promise<RecordBatch | undefined> {
    for (;;) {
      polling = true
      const batch = await from.poll()
      polling = false
      const sought = batch && uncertain.get(partitionKey(batch))
      uncertain.clear()
      if (batch === undefined || sought === undefined) return batch
      // The batch may have been fetched before the seek or after it. Now that none is in flight, another seek is certain.
      from.seek(sought)
      from.release(batch)
    }
  }

  return {
    groupId,
    settings,
    subscribers,
    get closed() {
      return closed
    },
    join(subscriber) {
      if (running !== undefined)
        throw new SnapstreamError(
          'USAGE',
          `${subscriber.name} was opened after reading with ${shownGroup(groupId)} had begun; open all sources first`,
          { topic: subscriber.name },
        )
      subscribers.add(subscriber)
    },
    start() {
      running ??= run().catch((thrown: unknown) => {
        const error = toError(thrown)
        for (const subscriber of subscribers) subscriber.fail(error)
      })
    },
    release: (batch) => consumer?.release(batch),
    seek(to) {
      if (polling) uncertain.set(partitionKey(to), to)
      consumer?.seek(to)
    },
    async commit(offsets) {
      if (offsets.length > 0) await consumer?.commit(offsets)
    },
    async commitIn(producer, offsets) {
      return offsets.length === 0 || ((await consumer?.commitIn(producer, offsets)) ?? false)
    },
    committed: async (partitions) => (await consumer?.committed(partitions)) ?? [],
    async leave(subscriber) {
      if (!subscribers.delete(subscriber) || subscribers.size > 0) return
      closed = true
      // A consumer that is still opening is closed as soon as it is open.
      await consumer?.close()
      await running
    },
  }
}

function covers({ topics }: Pick<TopicSubscriber, 'topics'>, topic: string): boolean {
  return topics instanceof RegExp ? topics.test(topic) : topics.includes(topic)
}

function bothRead(one: string, other: string, topic: string, groupId: string | null): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `Topic(${one}) and Topic(${other}) both read ${JSON.stringify(topic)} with ${shownGroup(groupId)}: ` +
      `each record would go to one of them; bind the same Topic object twice instead`,
    { topic },
  )
}

function notRead(name: string, topic: string, groupId: string | null): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `Topic(${name}) is co-partitioned with ${JSON.stringify(topic)}, which is not read here with ${shownGroup(groupId)} and ` +
      'the same settings; bind a Topic of it with the same groupId and conf, or leave copartitionedWith out',
    { topic },
  )
}

function shownGroup(groupId: string | null): string {
  return groupId === null ? 'no group' : `the group ${JSON.stringify(groupId)}`
}

/** Two consumers with one `groupInstanceId` would fence each other for ever. */
function twoInstances(groupInstanceId: string, name: string, groupId: string): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `Topic(${name}) reads with the group ${JSON.stringify(groupId)} and has other settings than another topic of the group, so ` +
      `that each has a consumer of its own, and both would have the groupInstanceId ${JSON.stringify(groupInstanceId)}; ` +
      'give both the same settings, or one another groupInstanceId',
    { topic: name },
  )
}

/** Refuses two readers of the same topic. Overlapping patterns are found later, when both match a topic. */
function refuseBoth(reader: TopicRead, other: TopicRead, groupId: string): void {
  for (const [one, another] of [
    [reader, other],
    [other, reader],
  ] as const) {
    if (one.topics instanceof RegExp) continue
    const topic = one.topics.find((name) => covers(another, name))
    if (topic !== undefined) throw bothRead(reader.name, other.name, topic, groupId)
  }
}

/** The error for a source without a group. */
export function groupMissing(name: string): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `the topic ${JSON.stringify(name)} is a source and has no groupId; give it one, Topic(${JSON.stringify(name)}, ` +
      `{ groupId: 'my-group' }), or groupId: null to read all of it without committing`,
    { topic: name },
  )
}
