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
  /** The id of the leader; undefined while there is none. */
  readonly leader: number | undefined
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
}

export interface GroupListing {
  readonly groupId: string
  /** `'consumer'` for groups of consumers; other programs use groups too. */
  readonly protocolType: string
}

export interface GroupDescription extends GroupListing {
  /** One of Kafka's states: `Empty`, `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Dead`. */
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

/** The part of the port for administration. Topics use it before they are read or written. */
export interface DriverAdmin {
  /** Resolves when the topics can be written to and read. Topics that exist stay as they are. */
  createTopics(topics: readonly NewTopic[]): Promise<void>
  /** Rejects with `TOPIC_MISSING` if one does not exist. */
  deleteTopics(topics: readonly string[]): Promise<void>
  listTopics(): Promise<readonly string[]>
  /** The partitions of each, in order. Rejects with `TOPIC_MISSING` if one does not exist. */
  describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, readonly PartitionDescription[]>>
  /**
   * The ids of topics, which tell a topic from an earlier one with the same name. Topics whose id is unknown are left out.
   * Optional: a driver that never knows them leaves it out.
   */
  topicIds?(topics: readonly string[]): Promise<ReadonlyMap<string, string>>
  /**
   * One offset per partition, in order: the first one that can be read, the one behind the last record, or that of the first
   * record with at least a timestamp (in ms since the epoch; the end if there is none). With `'read_committed'` the end is
   * the start of the first open transaction.
   *
   * @param isolationLevel default `'read_uncommitted'`
   */
  offsets(
    topic: string,
    at: 'earliest' | 'latest' | number,
    isolationLevel?: IsolationLevel,
  ): Promise<readonly TopicPartitionOffset[]>
  /** The committed offsets of a group in these topics; partitions without one are left out. */
  committed(groupId: string, topics: readonly string[]): Promise<readonly TopicPartitionOffset[]>
  listGroups(): Promise<readonly GroupListing[]>
  /** Rejects with `GROUP_MISSING` if one does not exist. */
  describeGroups(groupIds: readonly string[]): Promise<ReadonlyMap<string, GroupDescription>>
  /** Rejects with `GROUP_MISSING`, or `GROUP_NOT_EMPTY` if one has members. */
  deleteGroups(groupIds: readonly string[]): Promise<void>
  /** Sets the committed offsets of a group, which need not exist. Rejects with `GROUP_NOT_EMPTY` if it has members. */
  commit(groupId: string, offsets: readonly TopicPartitionOffset[]): Promise<void>
  close(): Promise<void>
}
