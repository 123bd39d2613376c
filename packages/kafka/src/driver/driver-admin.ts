import type { IsolationLevel, TopicPartition, TopicPartitionOffset } from './topic-partition.ts'

export interface NewTopic {
  readonly topic: string
  /** Default: the broker's. */
  readonly partitions?: number
  /** Default: the broker's. */
  readonly replicationFactor?: number
  /** Kafka's settings of a topic, such as `cleanup.policy`. Default: the broker's. */
  readonly config?: Readonly<Record<string, string>>
}

export interface PartitionDescription {
  readonly partition: number
  /** The node that leads it; undefined while none does. */
  readonly leader: number | undefined
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
}

export interface GroupListing {
  readonly groupId: string
  /** `'consumer'` for groups of consumers; others keep groups for their own purposes. */
  readonly protocolType: string
}

export interface GroupDescription extends GroupListing {
  /** Kafka's name of it: `Empty`, `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Dead`. */
  readonly state: string
  readonly members: readonly GroupMemberDescription[]
}

export interface GroupMemberDescription {
  readonly memberId: string
  readonly groupInstanceId: string | undefined
  readonly clientId: string
  readonly host: string
  readonly partitions: readonly TopicPartition[]
}

/** The part of the port that is for operators, and for topics before they are read or written. */
export interface DriverAdmin {
  /** Resolves when the topics can be written to and read. Topics that exist are left as they are. */
  createTopics(topics: readonly NewTopic[]): Promise<void>
  /** Rejects with `TOPIC_MISSING` if one does not exist. */
  deleteTopics(topics: readonly string[]): Promise<void>
  listTopics(): Promise<readonly string[]>
  /** The partitions of each, in order. Rejects with `TOPIC_MISSING` if one does not exist. */
  describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, readonly PartitionDescription[]>>
  /**
   * What tells a topic from another that had its name before, by topic. Those of which it is not known are left out; a driver
   * that never knows need not have it.
   */
  topicIds?(topics: readonly string[]): Promise<ReadonlyMap<string, string>>
  /**
   * Per partition, in order: the first offset that can be read, the one behind the last, or that of the first record
   * with at least a timestamp (in ms since the epoch; the one behind the last where there is none). With
   * `'read_committed'` the last is the last before the first open transaction.
   *
   * @param isolationLevel default `'read_uncommitted'`
   */
  offsets(
    topic: string,
    at: 'earliest' | 'latest' | number,
    isolationLevel?: IsolationLevel,
  ): Promise<readonly TopicPartitionOffset[]>
  /** What a group has committed for these topics; partitions without a committed offset are left out. */
  committed(groupId: string, topics: readonly string[]): Promise<readonly TopicPartitionOffset[]>
  listGroups(): Promise<readonly GroupListing[]>
  /** Rejects with `GROUP_MISSING` if one does not exist. */
  describeGroups(groupIds: readonly string[]): Promise<ReadonlyMap<string, GroupDescription>>
  /** Rejects with `GROUP_MISSING`, or `GROUP_NOT_EMPTY` if one has members. */
  deleteGroups(groupIds: readonly string[]): Promise<void>
  /** Sets what a group has committed; the group need not exist. Rejects with `GROUP_NOT_EMPTY` if it has members. */
  commit(groupId: string, offsets: readonly TopicPartitionOffset[]): Promise<void>
  close(): Promise<void>
}
