import { guardDecoder } from './guard-decoder.ts'
import type { KafkaEncoder, RequestDefinition } from './kafka-protocol.ts'

/**
 * What this driver leans on of KafkaJS beside its public types, and nothing else of it: how it writes requests and reads
 * answers. The exact version is pinned, and `internals.test.ts` fails when one of these is gone.
 */

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

/** Produce up to version 8, whose answer names the records that were refused. KafkaJS has 7, of which the request is the same. */
function produceUpTo8({ versions, protocol }: RequestDefinition): RequestDefinition {
  return {
    versions: [...versions, '8'],
    protocol: ({ version }) =>
      version < 8
        ? protocol({ version })
        : (args) => {
            const { request, ...rest } = protocol({ version: 7 })(args)
            return { ...rest, request: { ...request, apiVersion: 8 } }
          },
  }
}
