import { guardDecoder } from './guard-decoder.ts'
import { produceUpTo8 } from './produce-answer.ts'

/**
 * What this driver leans on of KafkaJS beside its public types, and nothing else of it: how it writes requests and reads
 * answers. The exact version is pinned, and `internals.test.ts` fails when one of these is gone.
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
    /** `clientSideThrottleTime`: how long the broker will not read from this connection, in ms. */
    decode(raw: Buffer): Promise<{ readonly clientSideThrottleTime?: number | null }>
  }
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

/** All versions of a request that KafkaJS knows. */
interface RequestDefinition {
  readonly versions: readonly (string | number)[]
  protocol(of: { readonly version: number }): (args: unknown) => KafkaProtocol
}

export interface Internals {
  readonly Encoder: new () => KafkaEncoder
  readonly requests: Readonly<Record<string, RequestDefinition>>
  readonly apiKeys: Readonly<Record<string, number>>
  readonly crc32c: (bytes: Uint8Array) => number
}

/** Loads KafkaJS when it is needed first: a program with another driver never waits for it. */
export async function internals(): Promise<Internals> {
  const [decoder, encoder, crc32c, requests, apiKeys] = await Promise.all([
    // @ts-expect-error There are no types of what is inside of KafkaJS.
    import('kafkajs/src/protocol/decoder.js'),
    // @ts-expect-error The same.
    import('kafkajs/src/protocol/encoder.js'),
    // @ts-expect-error The same.
    import('kafkajs/src/protocol/recordBatch/crc32C/index.js'),
    // @ts-expect-error The same.
    import('kafkajs/src/protocol/requests/index.js'),
    // @ts-expect-error The same.
    import('kafkajs/src/protocol/requests/apiKeys.js'),
  ])
  guardDecoder(decoder.default)
  return {
    Encoder: encoder.default,
    requests: { ...requests.default.requests, Produce: produceUpTo8(requests.default.requests.Produce) },
    apiKeys: apiKeys.default,
    crc32c: crc32c.default,
  }
}
