import type { ClientSettings } from '../driver/driver.ts'
import { requestFrame } from '../wire/cluster/broker-socket.ts'
import { openSocket } from '../wire/cluster/open-socket.ts'
import { rawRequests } from '../wire/cluster/raw-requests.ts'
import { unreadable, unsupported } from '../wire/errors/kafka-error.ts'
import type { BrokerAddress, Connection, RawRequests } from '../wire/protocol/connection.ts'

/*
 * The internals of KafkaJS that this driver uses: they write requests and read answers. It changes one of them. The exact
 * version of KafkaJS is pinned, and `internals.test.ts` fails when one of these is gone.
 */

/** One request in a version that the broker supports. */
export interface KafkaProtocol {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    encode(): Promise<KafkaEncoder>
  }
  readonly response: {
    /** Reads an answer. `clientSideThrottleTime`: how long the broker does not read from this connection, in ms. */
    decode(raw: Buffer): Promise<{ readonly clientSideThrottleTime?: number | null }>
  }
}

export interface KafkaEncoder {
  readonly buffer: Buffer
  writeArray(values: readonly KafkaEncoder[]): KafkaEncoder
  writeBoolean(value: boolean): KafkaEncoder
}

/** All versions of a request that KafkaJS supports. */
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

/** Loads KafkaJS when the first connection is opened, so that a program with another driver does not load it. */
export async function internals(): Promise<Internals> {
  const [decoder, encoder, crc32c, requests, apiKeys] = await Promise.all([
    // @ts-expect-error KafkaJS has no types for its internals.
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
    requests: requests.default.requests,
    apiKeys: apiKeys.default,
    crc32c: crc32c.default,
  }
}

/** A socket to one broker that sends requests of KafkaJS. Once closed it stays closed. */
export interface OpenBroker extends Pick<Connection, 'isOpen' | 'close'> {
  readonly address: BrokerAddress
  /** Requests that KafkaJS does not encode. */
  readonly raw: RawRequests
  readonly kafkajs: Internals
  /** Makes a request in the newest version that both sides support. Throws `UNSUPPORTED` if they have none in common. */
  request(apiName: string, args: unknown): KafkaProtocol
  /**
   * Sends a request once. Resolves with the whole answer, errors included; KafkaJS itself would throw the first of them.
   * Rejects with `KAFKA_FAILED` for an answer that cannot be read, and as the socket does.
   *
   * @param waitMs how long the request allows the broker to wait
   */
  send<T>(protocol: KafkaProtocol, waitMs?: number): Promise<T>
}

const CORRELATION_ID_BYTES = 4

/** Connects to a broker in one attempt. Rejects when the signal is aborted, after it has closed the socket. */
export async function openBroker(
  settings: ClientSettings,
  address: BrokerAddress,
  signal: AbortSignal,
): Promise<OpenBroker> {
  const kafkajs = await internals()
  const socket = await openSocket(address, settings, signal)
  const { requests, apiKeys } = kafkajs
  const { clientId } = settings
  return {
    address,
    raw: rawRequests(socket, address, clientId),
    kafkajs,
    request(apiName, args) {
      const definition = requests[apiName]
      const known = socket.versions.get(apiKeys[apiName] ?? -1)
      const versions = definition?.versions.map(Number) ?? []
      const version = Math.min(Math.max(...versions), known?.max ?? -1)
      if (!definition || !known || version < known.min || !versions.includes(version))
        throw unsupported(address, apiName, `${Math.min(...versions)} to ${Math.max(...versions)}`)
      return definition.protocol({ version })(args)
    },
    async send<T>({ request, response }: KafkaProtocol, waitMs = 0) {
      const { apiKey, apiVersion: version, apiName: api } = request
      const { buffer: body } = await request.encode()
      const frame = (correlationId: number) => requestFrame({ apiKey, version, correlationId, clientId }, body)
      const answer = await socket.request({ api, frame, waitMs })
      try {
        const decoded = await response.decode(answer.subarray(CORRELATION_ID_BYTES))
        socket.mute(decoded.clientSideThrottleTime ?? 0)
        return decoded as T
      } catch (error) {
        throw unreadable(error, address, api)
      }
    },
    isOpen: socket.isOpen,
    close: socket.close,
  }
}

/** The reader of answers in KafkaJS. */
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
 * Makes KafkaJS's decoder throw for a count or a length beyond the end of an answer. Without it forty bytes make KafkaJS take
 * 130 MB of memory, and a negative length makes it read the same bytes without end. KafkaJS has no option for this, so the
 * change is made to the prototype and applies to all users of KafkaJS in this process. Valid answers are read as before.
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

/** Throws for a size beyond the end. A size of -1 means null. Every item that is counted has at least one byte. */
function expect({ buffer, offset }: KafkaDecoder, prefixBytes: number, size: number): void {
  const left = buffer.length - offset - prefixBytes
  if (size < -1 || size > left)
    throw new RangeError(`it announces ${size} at byte ${offset}, where ${left} bytes are left`)
}
