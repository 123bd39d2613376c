/**
 * What this driver leans on of KafkaJS beside its public types, and nothing else of it. The exact version is pinned, and
 * `internals.test.ts` fails when one of these is gone.
 */

/** One request in a version that the broker knows. */
export interface KafkaProtocol {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    expectResponse?(): boolean
    encode(): Promise<KafkaEncoder>
  }
  readonly response: {
    decode(raw: Buffer): Promise<unknown>
    parse(decoded: unknown): Promise<unknown>
  }
  readonly requestTimeout?: number
  readonly logResponseError?: boolean
}

interface KafkaEncoder {
  readonly buffer: Buffer
  writeArray(values: readonly KafkaEncoder[]): KafkaEncoder
  writeBoolean(value: boolean): KafkaEncoder
  /** With their length before them. */
  writeBytes(bytes: Buffer): KafkaEncoder
  writeInt16(value: number): KafkaEncoder
  writeInt32(value: number): KafkaEncoder
  writeString(text: string | null): KafkaEncoder
}

export interface KafkaConnection {
  readonly requestQueue: { readonly pending: readonly unknown[]; scheduleCheckPendingRequests(): void }
  readonly socket: { destroy(): void } | undefined
  isConnected(): boolean
  /** Takes an answer apart with `decode`, and judges it with `parse`. */
  send(protocol: KafkaProtocol): Promise<unknown>
  rejectRequests(error: Error): void
  disconnect(): Promise<unknown>
}

interface KafkaConnectionPool {
  /** The first for requests, the second for fetching. */
  pool: KafkaConnection[]
}

/** Knows which versions of the requests a broker speaks, once it is connected. */
export interface KafkaBroker {
  connect(): Promise<void>
  lookupRequest(apiKey: number, definition: unknown): (args: unknown) => KafkaProtocol
}

export interface KafkaLogger {
  namespace(): KafkaLogger
  info(): void
  error(): void
  warn(): void
  debug(): void
}

interface PoolOptions {
  readonly host: string
  readonly port: number
  readonly clientId: string
  readonly connectionTimeout: number
  readonly requestTimeout: number
  readonly logger: KafkaLogger
  readonly socketFactory: unknown
  readonly ssl?: object
  readonly sasl?: object
}

export interface Internals {
  readonly ConnectionPool: new (options: PoolOptions) => KafkaConnectionPool
  readonly Broker: new (options: {
    readonly connectionPool: KafkaConnectionPool
    readonly logger: KafkaLogger
    readonly allowAutoTopicCreation: boolean
  }) => KafkaBroker
  readonly Encoder: new () => KafkaEncoder
  readonly createSocketFactory: () => unknown
  readonly requests: Readonly<Record<string, unknown>>
  readonly apiKeys: Readonly<Record<string, number>>
  readonly crc32c: (bytes: Uint8Array) => number
}

/** Loads KafkaJS when it is needed first: whoever uses another driver never waits for it. */
export async function internals(): Promise<Internals> {
  const [pool, broker, encoder, crc32c, socketFactory, requests, apiKeys] = await Promise.all([
    // @ts-expect-error There are no types of what is inside of KafkaJS.
    import('kafkajs/src/network/connectionPool.js'),
    // @ts-expect-error The same.
    import('kafkajs/src/broker/index.js'),
    // @ts-expect-error The same.
    import('kafkajs/src/protocol/encoder.js'),
    // @ts-expect-error The same.
    import('kafkajs/src/protocol/recordBatch/crc32C/index.js'),
    // @ts-expect-error The same.
    import('kafkajs/src/network/socketFactory.js'),
    // @ts-expect-error The same.
    import('kafkajs/src/protocol/requests/index.js'),
    // @ts-expect-error The same.
    import('kafkajs/src/protocol/requests/apiKeys.js'),
  ])
  return {
    ConnectionPool: pool.default,
    Broker: broker.default,
    Encoder: encoder.default,
    createSocketFactory: socketFactory.default,
    requests: requests.default.requests,
    apiKeys: apiKeys.default,
    crc32c: crc32c.default,
  }
}
