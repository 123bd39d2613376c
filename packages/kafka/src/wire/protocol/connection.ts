import type { Compression, ProduceRecord, TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import type { FetchedPartition } from '../../record-batch/fetched-partition.ts'

/**
 * A connection to one broker, which a client library provides. The layers above it are the same for all libraries: metadata,
 * coordinators, groups, fetching, decoding and retrying.
 *
 * A connection sends each request once. Kafka's error codes come as numbers in the answers (0 for none), also where a library
 * would throw them. An error of the connection itself rejects with a `SnapstreamError`: `BROKER_UNREACHABLE` (also if it was
 * closed, or no answer came in time), `TLS_REFUSED`, `AUTHENTICATION_REFUSED`, `UNSUPPORTED`, `KAFKA_FAILED`.
 *
 * The time-out of a request is `requestTimeoutMs`, in addition to the time that the request lets the broker wait (`maxWaitMs`
 * of a fetch, `rebalanceTimeoutMs` of a join). A connection closes itself when an answer does not come in time, as the socket
 * may be dead.
 *
 * One socket is enough. A broker answers the requests of a connection in order, so the layer above opens separate connections
 * for requests that the broker may hold back (fetching, joining a group).
 */
export interface Connection extends RawRequests {
  /**
   * Metadata: the brokers of the cluster, and the partitions of topics. A topic that does not exist is not created.
   *
   * @param topics names; null for all topics
   */
  metadata(topics: readonly string[] | null): Promise<ClusterMetadata>
  /** FindCoordinator: the broker that coordinates a group. */
  findCoordinator(groupId: string): Promise<Answer & BrokerAddress>
  /** Produce: writes batches. Resolves with one answer per batch; with `acks: 0` with none, once the request is sent. */
  produce(request: ProduceRequest): Promise<readonly ProduceAnswer[]>
  /** Fetch: the records of partitions from an offset on. A throttled client gets an answer without partitions. */
  fetch(request: FetchRequest): Promise<Answer & { readonly partitions: readonly FetchedPartition[] }>
  /**
   * ListOffsets: the offset of the first record with a timestamp or a later one, per partition. The timestamp -1 asks for the
   * end, -2 for the start. The offset -1 means that no record has such a timestamp.
   */
  listOffsets(request: {
    /** Whether the end is the start of the first open transaction. */
    readonly readCommitted: boolean
    /** The partitions, with a timestamp in ms since the epoch each. */
    readonly partitions: readonly (TopicPartition & { readonly timestamp: number })[]
  }): Promise<readonly (TopicPartitionOffset & Answer)[]>

  /** JoinGroup: joins a group, or joins it again. Resolves when all members have joined, or with an error code. */
  joinGroup(request: JoinGroupRequest): Promise<Answer & JoinedGroup>
  /** SyncGroup: the leader sends the assignments of all members, others send none. Each member gets its own. */
  syncGroup(
    request: GroupGeneration & { readonly assignments: readonly MemberAssignment[] },
  ): Promise<Answer & { readonly assignment: Uint8Array }>
  /** Heartbeat: keeps the membership alive. */
  heartbeat(request: GroupGeneration): Promise<Answer>
  /** LeaveGroup: ends the membership. */
  leaveGroup(request: GroupIdentity): Promise<Answer>
  /** OffsetFetch: the committed offsets of a group. The offset -1 means that nothing is committed. */
  offsetFetch(request: {
    /** The name of the group. */
    readonly groupId: string
    /** The partitions whose offsets to return. */
    readonly partitions: readonly TopicPartition[]
  }): Promise<Answer & { readonly partitions: readonly (TopicPartitionOffset & Answer)[] }>
  /**
   * OffsetCommit: commits offsets of a group. A client that is no member sends the `generationId` -1 and an empty `memberId`.
   */
  offsetCommit(
    request: GroupGeneration & { readonly offsets: readonly TopicPartitionOffset[] },
  ): Promise<readonly (TopicPartition & Answer)[]>

  /** CreateTopics. */
  createTopics(request: {
    /** How long the broker may take, in ms. */
    readonly timeoutMs: number
    /** The topics to create. */
    readonly topics: readonly {
      /** The name of the topic. */
      readonly topic: string
      /** The number of partitions; -1 for the broker's default. */
      readonly partitions: number
      /** The number of replicas of each partition; -1 for the broker's default. */
      readonly replicationFactor: number
      /** Kafka's settings of a topic, by name. */
      readonly config: Readonly<Record<string, string>>
    }[]
  }): Promise<readonly (TopicAnswer & { readonly message: string | undefined })[]>
  /** DeleteTopics. */
  deleteTopics(request: {
    /** How long the broker may take, in ms. */
    readonly timeoutMs: number
    /** The names of the topics. */
    readonly topics: readonly string[]
  }): Promise<readonly TopicAnswer[]>
  /** ListGroups: the groups that this broker coordinates. */
  listGroups(): Promise<
    Answer & { readonly groups: readonly { readonly groupId: string; readonly protocolType: string }[] }
  >
  /** DescribeGroups, to the coordinator of the groups. A group that does not exist has the state `Dead`. */
  describeGroups(groupIds: readonly string[]): Promise<readonly DescribedGroup[]>
  /** DeleteGroups, to the coordinator of the groups. */
  deleteGroups(groupIds: readonly string[]): Promise<readonly (Answer & { readonly groupId: string })[]>
  /** InitProducerId: a new id and epoch for an idempotent producer. */
  initProducerId(): Promise<Answer & ProducerIdAndEpoch>

  /** Whether requests can be sent over it, as far as that is known. */
  isOpen(): boolean
  /** Closes at once; requests in flight reject. Never rejects. A second call does nothing. */
  close(): Promise<void>
}

/** Requests as bytes, which are encoded once for all client libraries. `rawRequests` implements it over a socket of `openSocket`. */
export interface RawRequests {
  /** The broker, for error messages. */
  readonly address: BrokerAddress
  /** The versions of a request that the broker supports. Undefined: it does not know the request. */
  versions(apiKey: number): ApiVersions | undefined
  /** The level of a feature that the whole cluster supports (KIP-584), such as `transaction.version`; 0 for none. */
  feature(name: string): number
  /** Sends a request once. Resolves with the bytes of the answer behind its header. */
  request(request: RawRequest): Promise<Buffer>
  /** Extends the time-out of requests: the broker has announced that it does not read for a while. @param throttleMs in ms */
  mute(throttleMs: number): void
}

/** A request as bytes. */
export interface RawRequest {
  /** The name of the request, for error messages. */
  readonly api: string
  /** Kafka's number of the request. */
  readonly apiKey: number
  /** The version in which the body is encoded. */
  readonly version: number
  /** Whether this version is flexible: the headers of request and answer have tagged fields then (KIP-482). */
  readonly flexible: boolean
  /** The bytes behind the header. */
  readonly body: Buffer
  /** False: the broker sends no answer (Produce with `acks` 0), and the request resolves with no bytes. Default: true. */
  readonly answered?: boolean
}

/** The versions of a request that a broker supports. */
export interface ApiVersions {
  /** The oldest version. */
  readonly min: number
  /** The newest version. */
  readonly max: number
}

/**
 * Opens a connection to a broker, with TLS and authentication. Makes one attempt. Rejects with `BROKER_UNREACHABLE`,
 * `TLS_REFUSED`, `AUTHENTICATION_REFUSED`, `UNSUPPORTED` or `KAFKA_FAILED`. When the signal is aborted, it closes the socket
 * and rejects.
 */
export type Connect = (address: BrokerAddress, signal: AbortSignal) => Promise<Connection>

/** The fields that all answers have. */
export interface Answer {
  /** Kafka's number of the error; 0 for none. */
  readonly errorCode: number
}

/** The answer for one topic. */
export interface TopicAnswer extends Answer {
  /** The name of the topic. */
  readonly topic: string
}

/** The address of a broker. */
export interface BrokerAddress {
  /** The id of the broker; -1 for an address from the settings, whose node is not known. */
  readonly nodeId: number
  /** A host name or an IP address; IPv6 without brackets. */
  readonly host: string
  /** The TCP port, 1 to 65535. */
  readonly port: number
}

/** The answer to Metadata. */
export interface ClusterMetadata {
  /** All brokers that are alive. */
  readonly brokers: readonly BrokerAddress[]
  /** The node id of the controller; -1 while the cluster has none. */
  readonly controllerId: number
  /** The topics of the request, or all topics. */
  readonly topics: readonly TopicMetadata[]
}

/** A topic in the answer to Metadata. */
export interface TopicMetadata extends TopicAnswer {
  /** Whether the topic is Kafka's own, such as `__consumer_offsets`. */
  readonly isInternal: boolean
  /** The partitions of the topic, in any order. */
  readonly partitions: readonly PartitionMetadata[]
}

/** A partition in the answer to Metadata. */
export interface PartitionMetadata extends Answer {
  /** The number of the partition, from 0. */
  readonly partition: number
  /** The node id of the leader; -1 while the partition has none. */
  readonly leader: number
  /** The node ids of all replicas. */
  readonly replicas: readonly number[]
  /** The node ids of the replicas that are in sync with the leader. */
  readonly inSyncReplicas: readonly number[]
}

/** A Produce request. */
export interface ProduceRequest {
  /** The replicas that acknowledge the batches. -1: all in-sync replicas, 1: the leader, 0: none. */
  readonly acks: -1 | 0 | 1
  /** How long the leader may wait for replicas, in ms. */
  readonly timeoutMs: number
  /** The codec that compresses the batches. */
  readonly compression: Compression
  /** The id and the epoch of an idempotent producer. Default: no idempotence. */
  readonly producer?: ProducerIdAndEpoch
  /** The transaction that the batches belong to; `producer` is set then. Default: none. */
  readonly transaction?: TransactionOfBatches
  /** At most one batch per partition. */
  readonly batches: readonly (TopicPartition & {
    /** At least one record. */
    readonly records: readonly ProduceRecord[]
    /** The number of records that the producer has sent to the partition before; -1 without idempotence. */
    readonly firstSequence: number
  })[]
}

/** The id of a producer, and the epoch that distinguishes it from earlier producers of the same id. */
export interface ProducerIdAndEpoch {
  /** The id that a broker gave to the producer. */
  readonly producerId: number
  /** The number of producers that had the id before. */
  readonly producerEpoch: number
}

/** The transaction of batches. */
export interface TransactionOfBatches {
  /** The name of the producer, which outlives its process. */
  readonly transactionalId: string
  /** The level of the feature `transaction.version`. 2: the leader adds the partitions to the transaction (KIP-890). */
  readonly transactionVersion: number
}

/** The answer to Produce for one batch. */
export interface ProduceAnswer extends TopicPartition, Answer {
  /** The offset of the first record of the batch; -1 if the broker does not tell it. */
  readonly baseOffset?: number
  /**
   * The records for which the batch was refused, by their index in it, with the broker's messages. Produce has it since
   * version 8.
   */
  readonly recordErrors?: readonly { readonly index: number; readonly message: string | undefined }[]
  /** The broker's message about the batch. */
  readonly message?: string | undefined
}

/** A Fetch request. */
export interface FetchRequest {
  /** How long the broker may wait for records, in ms. */
  readonly maxWaitMs: number
  /** The largest amount of records in the answer, in bytes. A single batch may be larger. */
  readonly maxBytes: number
  /** Whether records of open and aborted transactions are left out. */
  readonly readCommitted: boolean
  /** The rack of this consumer; empty for none. */
  readonly rackId: string
  /** The partitions, each with the offset to read from and the largest amount of its records in the answer, in bytes. */
  readonly partitions: readonly (TopicPartitionOffset & { readonly maxBytes: number })[]
}

/** A member of a group. */
export interface GroupIdentity {
  /** The name of the group. */
  readonly groupId: string
  /** The id that the coordinator gave to the member; empty before that. */
  readonly memberId: string
  /** The name of a static member; undefined for other members. */
  readonly groupInstanceId: string | undefined
}

/** A member in one generation of its group. */
export interface GroupGeneration extends GroupIdentity {
  /** The number of the generation, which grows with each rebalance. */
  readonly generationId: number
}

/** A JoinGroup request. */
export interface JoinGroupRequest extends GroupIdentity {
  /** The time without a heartbeat after which the coordinator removes the member, in ms. */
  readonly sessionTimeoutMs: number
  /** How long members may take to join again in a rebalance, in ms. */
  readonly rebalanceTimeoutMs: number
  /** The assignment protocols that the member supports, the preferred one first, with its subscription for each. */
  readonly protocols: readonly { readonly name: string; readonly metadata: Uint8Array }[]
}

/** The answer to JoinGroup. With error 79 (MEMBER_ID_REQUIRED) only `memberId` counts: the member has to join again with it. */
export interface JoinedGroup {
  /** The number of the new generation. */
  readonly generationId: number
  /** The name of the protocol that all members have in common. */
  readonly protocol: string
  /** The id of this member. */
  readonly memberId: string
  /** The id of the leader, which assigns the partitions. */
  readonly leaderId: string
  /** All members with their subscriptions; empty for all members but the leader. */
  readonly members: readonly { readonly memberId: string; readonly metadata: Uint8Array }[]
}

/** The assignment of one member, as the leader sends it. */
export interface MemberAssignment {
  /** The id of the member. */
  readonly memberId: string
  /** The bytes of the assignment, in the format of the protocol type. */
  readonly assignment: Uint8Array
}

/** A group in the answer to DescribeGroups. */
export interface DescribedGroup extends Answer {
  /** The name of the group. */
  readonly groupId: string
  /** One of Kafka's states: `Empty`, `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Dead`. */
  readonly state: string
  /** `'consumer'` for groups of consumers. */
  readonly protocolType: string
  /** The members of the group. */
  readonly members: readonly {
    /** The id of the member. */
    readonly memberId: string
    /** The name of a static member; undefined for other members, or if the broker does not tell. */
    readonly groupInstanceId: string | undefined
    /** The name of the member's client. */
    readonly clientId: string
    /** The address of the member, as the broker sees it. */
    readonly host: string
    /** The bytes of the assignment, in the format of the protocol type. */
    readonly assignment: Uint8Array
  }[]
}
