import { SnapstreamError, toError } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type {
  ConsumerSettings,
  DriverConsumer,
  RecordBatch,
  TopicPartition,
  TopicPartitionOffset,
} from '../driver/driver.ts'
import { partitionKey } from '../driver/partition-key.ts'

/** One topic (or several, or a pattern) that is read through a consumer that others share. */
export interface GroupMember {
  /** As shown in messages. */
  readonly name: string
  readonly topics: readonly string[] | RegExp
  /** Other topics, read by members of the same consumer, that belong together with those of this one. */
  readonly copartitionedWith: readonly string[]
  /** Where to start in a partition when nothing is committed. */
  readonly startOffset: NonNullable<ConsumerSettings['startOffset']>
  assigned(partitions: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]>
  revoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void>
  push(batch: RecordBatch): void
  /** Told where a partition ends of which no record came. */
  endsAt(end: TopicPartitionOffset): void
  /** Told of what is tried again by itself. */
  trouble(error: Error): void
  fail(error: Error): void
}

/** One consumer for all the topics that are read with one group in a run. */
export interface GroupConsumer {
  readonly members: ReadonlySet<GroupMember>
  join(member: GroupMember): void
  /** Subscribes to all that have joined and hands out what comes. Called again it does nothing. */
  start(): void
  release(batch: RecordBatch): void
  /** Goes on from there in that partition: what comes from now on begins there. */
  seek(to: TopicPartitionOffset): void
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void>
  /** The last to leave closes the consumer. */
  leave(member: GroupMember): Promise<void>
}

export function groupConsumer(settings: ResolvedSettings, groupId: string | null, onEmpty: () => void): GroupConsumer {
  const members = new Set<GroupMember>()
  /** By topic: patterns are tried once. */
  const routes = new Map<string, GroupMember | undefined>()
  let consumer: DriverConsumer | undefined
  let running: Promise<void> | undefined
  let closing = false
  let polling = false
  /** Sought while a batch may have been on its way that was read before, by partition. */
  const uncertain = new Map<string, TopicPartitionOffset>()

  function memberOf(topic: string): GroupMember | undefined {
    if (routes.has(topic)) return routes.get(topic)
    const [member, other] = [...members].filter((candidate) => covers(candidate, topic))
    if (member !== undefined && other !== undefined) throw bothRead(member.name, other.name, topic, groupId)
    routes.set(topic, member)
    return member
  }

  function byMember<T extends TopicPartition>(partitions: readonly T[]): Map<GroupMember, T[]> {
    const parts = new Map<GroupMember, T[]>()
    for (const at of partitions) {
      const member = memberOf(at.topic)
      // What belongs to a reader that was closed stays unread, until the others are closed as well.
      if (member === undefined || !members.has(member)) continue
      const part = parts.get(member)
      if (part === undefined) parts.set(member, [at])
      else part.push(at)
    }
    return parts
  }

  /** The set of topics that a member wants together, if it does. Throws `USAGE` if nobody here reads one of them. */
  function copartitioned({ name, topics, copartitionedWith }: GroupMember): (readonly string[])[] {
    if (topics instanceof RegExp || copartitionedWith.length === 0) return []
    const missing = copartitionedWith.find((topic) => memberOf(topic) === undefined)
    if (missing !== undefined) throw notRead(name, missing, groupId)
    return [[...topics, ...copartitionedWith]]
  }

  async function run(): Promise<void> {
    const { driver, client, consumer: defaults } = settings
    const made = await driver.client(client).consumer({
      ...defaults,
      groupId,
      topics: [...members].flatMap(({ topics }): (string | RegExp)[] =>
        topics instanceof RegExp ? [topics] : [...topics],
      ),
      copartitioned: [...members].flatMap(copartitioned),
      startOffset: (topic, partition) => memberOf(topic)?.startOffset(topic, partition),
      async assigned(partitions) {
        const parts = byMember(partitions)
        // Also those who got nothing are told: they may be waiting to know.
        const answers = await Promise.all([...members].map((member) => member.assigned(parts.get(member) ?? [])))
        return answers.flat()
      },
      async revoked(partitions, reason) {
        for (const at of partitions) uncertain.delete(partitionKey(at))
        await Promise.all([...byMember(partitions)].map(([member, part]) => member.revoked(part, reason)))
      },
      onEndOffset: (end) => memberOf(end.topic)?.endsAt(end),
      onTrouble(error) {
        for (const member of members) member.trouble(error)
      },
    })
    if (closing) {
      await made.close()
      return
    }
    consumer = made
    for (let batch = await poll(made); batch !== undefined; batch = await poll(made))
      // Without a reader it is not released either: there is no use in fetching more of it.
      memberOf(batch.topic)?.push(batch)
    if (!closing) throw new SnapstreamError('KAFKA_FAILED', `the consumer of ${shownGroup(groupId)} ended by itself`)
  }

  async function poll(from: DriverConsumer): Promise<RecordBatch | undefined> {
    for (;;) {
      polling = true
      const batch = await from.poll()
      polling = false
      const sought = batch && uncertain.get(partitionKey(batch))
      uncertain.clear()
      if (batch === undefined || sought === undefined) return batch
      // It may be from before or from after: sought again now, when nothing is on its way, there is no doubt.
      from.seek(sought)
      from.release(batch)
    }
  }

  return {
    members,
    join(member) {
      if (running !== undefined)
        throw new SnapstreamError(
          'USAGE',
          `${member.name} was opened after reading with ${shownGroup(groupId)} had begun; open all sources first`,
          { topic: member.name },
        )
      members.add(member)
    },
    start() {
      running ??= run().catch((thrown: unknown) => {
        const error = toError(thrown)
        for (const member of members) member.fail(error)
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
    async leave(member) {
      if (!members.delete(member) || members.size > 0) return
      closing = true
      onEmpty()
      // One that is still being made is closed as soon as it is there.
      await consumer?.close()
      await running
    },
  }
}

export function covers({ topics }: Pick<GroupMember, 'topics'>, topic: string): boolean {
  return topics instanceof RegExp ? topics.test(topic) : topics.includes(topic)
}

export function bothRead(one: string, other: string, topic: string, groupId: string | null): SnapstreamError {
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
