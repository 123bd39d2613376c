import type { IsolationLevel, TopicPartition, TopicPartitionOffset } from './topic-partition.ts'

/** A topic to create. */
export interface NewTopic {
  /** The name of the topic. */
  readonly topic: string
  /** The number of partitions. Default: the broker's. */
  readonly partitions?: number
  /** The number of replicas of each partition. Default: the broker's. */
  readonly replicationFactor?: number
  /** Kafka's settings of a topic, such as `cleanup.policy`. Default: the broker's. */
  readonly config?: Readonly<Record<string, string>>
}

/** A partition with its leader and replicas. */
export interface PartitionDescription {
  /** The number of the partition, from 0. */
  readonly partition: number
  /** The node id of the leader; undefined while the partition has none. */
  readonly leader: number | undefined
  /** The node ids of all replicas, the leader included. */
  readonly replicas: readonly number[]
  /** The node ids of the replicas that are in sync with the leader. */
  readonly inSyncReplicas: readonly number[]
}

/** A group, as a list of all groups shows it. */
export interface GroupListing {
  /** The name of the group. */
  readonly groupId: string
  /** `'consumer'` for groups of consumers; other programs use groups too. */
  readonly protocolType: string
}

/** A group with its state and its members. */
export interface GroupDescription extends GroupListing {
  /** One of Kafka's states: `Empty`, `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Dead`. */
  readonly state: string
  /** The members of the group; empty for a group without active readers. */
  readonly members: readonly GroupMemberDescription[]
}

/** A member of a group. */
export interface GroupMemberDescription {
  /** The id that the group gave to the member. */
  readonly memberId: string
  /** The name of a static member; undefined for other members. */
  readonly groupInstanceId: string | undefined
  /** The name of the member's client. */
  readonly clientId: string
  /** The address of the member, as the broker sees it. */
  readonly host: string
  /** The partitions that are assigned to the member; empty for groups of another protocol type than `'consumer'`. */
  readonly partitions: readonly TopicPartition[]
}

/** The part of the port for administration. Topics use it before they are read or written. */
export interface DriverAdmin {
  /** Creates topics, and resolves when they can be written to and read. Topics that exist stay as they are. */
  createTopics(topics: readonly NewTopic[]): Promise<void>
  /** Deletes topics with all their records. Rejects with `TOPIC_MISSING`, and deletes none, if one does not exist. */
  deleteTopics(topics: readonly string[]): Promise<void>
  /** The names of all topics, without those that brokers keep for themselves (`__consumer_offsets`). */
  listTopics(): Promise<readonly string[]>
  /** The partitions of each topic, in order. Rejects with `TOPIC_MISSING` if a topic does not exist. */
  describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, readonly PartitionDescription[]>>
  /**
   * The ids of topics, which tell a topic from an earlier one with the same name. Topics whose id is unknown are left out.
   * Optional: a driver that never knows them leaves it out.
   */
  topicIds?(topics: readonly string[]): Promise<ReadonlyMap<string, string>>
  /**
   * The settings that were made for topics themselves, by topic and name. The topics exist.
   * Optional: a driver that does not know them leaves it out.
   */
  topicConfigs?(topics: readonly string[]): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>>
  /**
   * One offset per partition, in order: the first one that can be read, the one behind the last record, or that of the first
   * record with this timestamp or a later one (in ms since the epoch; the end if no record has it). With `'read_committed'`
   * the end is the start of the first open transaction.
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
  /** All groups. */
  listGroups(): Promise<readonly GroupListing[]>
  /** The state and the members of each group. Rejects with `GROUP_MISSING` if a group does not exist. */
  describeGroups(groupIds: readonly string[]): Promise<ReadonlyMap<string, GroupDescription>>
  /** Deletes groups with their committed offsets. Rejects with `GROUP_MISSING`, or `GROUP_NOT_EMPTY` if one has members. */
  deleteGroups(groupIds: readonly string[]): Promise<void>
  /** Sets the committed offsets of a group, which need not exist. Rejects with `GROUP_NOT_EMPTY` if it has members. */
  commit(groupId: string, offsets: readonly TopicPartitionOffset[]): Promise<void>
  /** Closes the connections. Later calls reject with `NOT_OPEN`. */
  close(): Promise<void>
}
