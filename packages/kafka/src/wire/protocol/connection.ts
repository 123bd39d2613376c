import type { Compression, ProduceRecord, TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import type { FetchedPartition } from '../../record-batch/fetched-partition.ts'

/**
 * A connection to one broker: what a client library brings. Metadata, coordinators, groups, fetching, decoding and
 * trying again are done above it, once for all libraries.
 *
 * Each request is sent once. Kafka's error codes come as numbers in the answers (0 for none), also where a library would
 * throw them. What is wrong with the connection rejects, as a `SnapstreamError`: `BROKER_UNREACHABLE` (also for one that
 * was closed, or did not answer in time), `TLS_REFUSED`, `AUTHENTICATION_REFUSED`, `UNSUPPORTED`, `KAFKA_FAILED`. In time is
 * `requestTimeoutMs`, and that beyond what the request itself lets the broker wait (`maxWaitMs` of a fetch,
 * `rebalanceTimeoutMs` of a join). A connection that did not answer in time is closed by itself: nobody knows what it is
 * still good for, and a new one may be better.
 *
 * One socket is enough: a broker answers the requests of a connection in order, so the layer above opens connections of
 * their own for what may be held back (fetching, joining a group).
 */
export interface Connection {
  /** Of all topics for null. A topic that does not exist is not created. */
  metadata(topics: readonly string[] | null): Promise<ClusterMetadata>
  findCoordinator(groupId: string): Promise<Answer & BrokerAddress>
  produce(request: ProduceRequest): Promise<readonly ProduceAnswer[]>
  fetch(request: FetchRequest): Promise<Answer & { readonly partitions: readonly FetchedPartition[] }>
  /** A timestamp of -1 asks for the end, -2 for the start. An offset of -1: there is no record with such a timestamp. */
  listOffsets(request: {
    readonly readCommitted: boolean
    readonly partitions: readonly (TopicPartition & { readonly timestamp: number })[]
  }): Promise<readonly (TopicPartitionOffset & Answer)[]>

  joinGroup(request: JoinGroupRequest): Promise<Answer & JoinedGroup>
  syncGroup(
    request: GroupGeneration & { readonly assignments: readonly MemberAssignment[] },
  ): Promise<Answer & { readonly assignment: Uint8Array }>
  heartbeat(request: GroupGeneration): Promise<Answer>
  leaveGroup(request: GroupIdentity): Promise<Answer>
  /** Offsets of -1: nothing is committed. */
  offsetFetch(request: {
    readonly groupId: string
    readonly partitions: readonly TopicPartition[]
  }): Promise<Answer & { readonly partitions: readonly (TopicPartitionOffset & Answer)[] }>
  /** From outside of the group: with a `generationId` of -1 and an empty `memberId`. */
  offsetCommit(
    request: GroupGeneration & { readonly offsets: readonly TopicPartitionOffset[] },
  ): Promise<readonly (TopicPartition & Answer)[]>

  createTopics(request: {
    readonly timeoutMs: number
    readonly topics: readonly {
      readonly topic: string
      /** -1: the broker's default; likewise the replication factor. */
      readonly partitions: number
      readonly replicationFactor: number
      readonly config: Readonly<Record<string, string>>
    }[]
  }): Promise<readonly (TopicAnswer & { readonly message: string | undefined })[]>
  deleteTopics(request: {
    readonly timeoutMs: number
    readonly topics: readonly string[]
  }): Promise<readonly TopicAnswer[]>
  listGroups(): Promise<
    Answer & { readonly groups: readonly { readonly groupId: string; readonly protocolType: string }[] }
  >
  describeGroups(groupIds: readonly string[]): Promise<readonly DescribedGroup[]>
  deleteGroups(groupIds: readonly string[]): Promise<readonly (Answer & { readonly groupId: string })[]>
  initProducerId(): Promise<Answer & { readonly producerId: number; readonly producerEpoch: number }>

  /** Whether requests can be sent over it, as far as that is known. */
  readonly isOpen: boolean
  /** Closes at once; requests under way reject. Never rejects itself; closing twice is one. */
  close(): Promise<void>
}

/**
 * How a library opens connections: resolves once it is connected, secured and authenticated. Tries once. When the signal
 * is aborted, its time is over: it closes what it has opened, and rejects.
 */
export type Connect = (address: BrokerAddress, signal: AbortSignal) => Promise<Connection>

export interface Answer {
  readonly errorCode: number
}

export interface TopicAnswer extends Answer {
  readonly topic: string
}

export interface BrokerAddress {
  /** -1 for an address that was given, whose node is not known. */
  readonly nodeId: number
  /** A name or an address; of IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

export interface ClusterMetadata {
  readonly brokers: readonly BrokerAddress[]
  /** -1 while there is none. */
  readonly controllerId: number
  readonly topics: readonly TopicMetadata[]
}

export interface TopicMetadata extends TopicAnswer {
  /** Undefined where broker or library do not tell. */
  readonly topicId?: string | undefined
  readonly isInternal: boolean
  readonly partitions: readonly PartitionMetadata[]
}

export interface PartitionMetadata extends Answer {
  readonly partition: number
  /** -1 while there is none. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
}

export interface ProduceRequest {
  readonly acks: -1 | 0 | 1
  readonly timeoutMs: number
  readonly compression: Compression
  /** For idempotence. */
  readonly producer?: { readonly producerId: number; readonly producerEpoch: number }
  /** At most one batch a partition. `firstSequence` is -1 without idempotence. */
  readonly batches: readonly (TopicPartition & {
    readonly records: readonly ProduceRecord[]
    readonly firstSequence: number
  })[]
}

/** None at all with `acks: 0`. */
export interface ProduceAnswer extends TopicPartition, Answer {
  /** From version 8 on, which records the batch was refused for, by their index in it, and what is said of each. */
  readonly recordErrors?: readonly { readonly index: number; readonly message: string | undefined }[]
  /** What is said of the batch. */
  readonly message?: string | undefined
}

export interface FetchRequest {
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly readCommitted: boolean
  readonly rackId: string
  readonly partitions: readonly (TopicPartitionOffset & { readonly maxBytes: number })[]
}

export interface GroupIdentity {
  readonly groupId: string
  /** Empty for one that has none yet. */
  readonly memberId: string
  readonly groupInstanceId: string | undefined
}

export interface GroupGeneration extends GroupIdentity {
  readonly generationId: number
}

export interface JoinGroupRequest extends GroupIdentity {
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocols: readonly { readonly name: string; readonly metadata: Uint8Array }[]
}

/** With error 79 (MEMBER_ID_REQUIRED) only the `memberId` counts: join again with it. */
export interface JoinedGroup {
  readonly generationId: number
  /** The name of the protocol that all members have in common. */
  readonly protocol: string
  readonly memberId: string
  readonly leaderId: string
  /** Empty for all but the leader. */
  readonly members: readonly { readonly memberId: string; readonly metadata: Uint8Array }[]
}

export interface MemberAssignment {
  readonly memberId: string
  readonly assignment: Uint8Array
}

export interface DescribedGroup extends Answer {
  readonly groupId: string
  readonly state: string
  readonly protocolType: string
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | undefined
    readonly clientId: string
    readonly host: string
    readonly assignment: Uint8Array
  }[]
}
