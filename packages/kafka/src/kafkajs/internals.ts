/**
 * What this driver leans on of KafkaJS beside its public types, and nothing else of it. The exact version is pinned, and
 * `internals.test.ts` fails when one of these is gone.
 */

interface KafkaPartitionMetadata {
  readonly partitionId: number
  /** -1 while there is none. */
  readonly leader: number
}

/** One request in a version that the broker knows. */
export interface KafkaProtocol {
  readonly request: { readonly apiVersion: number }
  readonly response: {
    decode(raw: Buffer): Promise<unknown>
    parse(decoded: unknown): Promise<unknown>
  }
}

export interface KafkaBroker {
  readonly nodeId: number
  lookupRequest(apiKey: number, definition: unknown): (args: unknown) => KafkaProtocol
  metadata(topics: readonly string[]): Promise<KafkaMetadata>
  joinGroup(request: object): Promise<JoinedGroup>
  syncGroup(request: object): Promise<{ readonly memberAssignment: Buffer }>
  heartbeat(request: object): Promise<unknown>
  leaveGroup(request: object): Promise<unknown>
  offsetFetch(request: object): Promise<{ readonly responses: readonly TopicOffsets[] }>
  offsetCommit(request: object): Promise<unknown>
  fetch(request: object): Promise<unknown>
  produce(request: object): Promise<unknown>
}

interface TopicOffsets {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
}

export interface JoinedGroup {
  readonly generationId: number
  readonly memberId: string
  readonly leaderId: string
  /** Empty for all but the leader. */
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]
}

interface KafkaMetadata {
  readonly topicMetadata: readonly {
    readonly topic: string
    readonly partitionMetadata: readonly KafkaPartitionMetadata[]
  }[]
}

export interface KafkaConnection {
  readonly requestQueue: { readonly pending: readonly unknown[]; scheduleCheckPendingRequests(): void }
  socket: { readonly destroyed: boolean; destroy(): void } | undefined
  connect(): Promise<unknown>
  rejectRequests(error: Error): void
  disconnect(): Promise<unknown>
}

export interface KafkaCluster {
  readonly targetTopics: Set<string>
  readonly connectionPoolBuilder: { build(at?: object): Promise<{ readonly pool: readonly KafkaConnection[] }> }
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  addTargetTopic(topic: string): Promise<void>
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  getNodeIds(): readonly string[]
  findBroker(at: { readonly nodeId: number | string }): Promise<KafkaBroker>
  findGroupCoordinator(of: { readonly groupId: string }): Promise<KafkaBroker>
  findTopicPartitionMetadata(topic: string): readonly KafkaPartitionMetadata[]
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number }[]
      readonly fromTimestamp: number
    }[],
  ): Promise<readonly TopicOffsets[]>
}
