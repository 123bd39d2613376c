/**
 * All that is used of KafkaJS beside its public API: how it writes requests and reads answers, and the two changes made to it.
 * Its exact version is pinned, and `internals.test.ts` fails when one of these is gone.
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

export interface KafkaEncoder {
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
export interface RequestDefinition {
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

/** How KafkaJS reads the answer of a broker. */
export interface KafkaDecoder {
  readonly buffer: Buffer
  readonly offset: number
  readArray(reader: (decoder: KafkaDecoder) => unknown): unknown
  readArrayAsync(reader: (decoder: KafkaDecoder) => unknown): Promise<unknown>
  readString(): unknown
  readBytes(byteLength?: number): unknown
}

const guarded = new WeakSet<object>()

/**
 * KafkaJS takes any count and any length that an answer names: forty bytes make it take 130 MB of memory, and a length below
 * zero lets it read the same bytes again and again. With this its decoder throws where there are fewer bytes than that, for
 * all that use KafkaJS in this process; an answer that is whole is read as before. KafkaJS has no other place for it.
 */
export function guardDecoder({ prototype }: { readonly prototype: KafkaDecoder }): void {
  if (guarded.has(prototype)) return
  guarded.add(prototype)
  const { readArray, readArrayAsync, readString, readBytes } = prototype
  Object.assign(prototype, {
    readArray(this: KafkaDecoder, reader: (decoder: KafkaDecoder) => unknown) {
      expect(this, 4, this.buffer.readInt32BE(this.offset))
      return readArray.call(this, reader)
    },
    async readArrayAsync(this: KafkaDecoder, reader: (decoder: KafkaDecoder) => unknown) {
      expect(this, 4, this.buffer.readInt32BE(this.offset))
      return readArrayAsync.call(this, reader)
    },
    readString(this: KafkaDecoder) {
      expect(this, 2, this.buffer.readInt16BE(this.offset))
      return readString.call(this)
    },
    readBytes(this: KafkaDecoder, byteLength?: number) {
      if (byteLength === undefined) expect(this, 4, this.buffer.readInt32BE(this.offset))
      else expect(this, 0, byteLength)
      return readBytes.call(this, byteLength)
    },
  })
}

/** -1 is null. Nothing that is counted has less than a byte. */
function expect({ buffer, offset }: KafkaDecoder, prefixBytes: number, size: number): void {
  const left = buffer.length - offset - prefixBytes
  if (size < -1 || size > left)
    throw new RangeError(`it announces ${size} at byte ${offset}, where ${left} bytes are left`)
}
