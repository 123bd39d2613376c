import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ByteReader } from '../wire/protocol/byte-reader.ts'

export const API_KEYS = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  SaslHandshake: 17,
  ApiVersions: 18,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  EndTxn: 26,
  SaslAuthenticate: 36,
} as const
export type Api = keyof typeof API_KEYS

/** A request as a fake broker gets it; `read` is positioned behind its header. */
export interface FakeRequest {
  readonly api: Api
  readonly version: number
  readonly correlationId: number
  readonly read: ByteReader
  readonly socket: Socket
}

/** The body of an answer, or an action in place of one. */
export type FakeAnswer = Buffer | ((request: FakeRequest) => void)

/** The versions of each request that the fake broker takes. Where it takes two, the bodies below differ. */
const VERSIONS: Record<Api, readonly [min: number, max: number]> = {
  Produce: [3, 9],
  Fetch: [4, 11],
  ListOffsets: [2, 5],
  Metadata: [4, 6],
  OffsetCommit: [2, 7],
  OffsetFetch: [1, 7],
  FindCoordinator: [0, 2],
  JoinGroup: [0, 5],
  Heartbeat: [0, 3],
  LeaveGroup: [0, 3],
  SyncGroup: [0, 3],
  SaslHandshake: [0, 1],
  ApiVersions: [0, 3],
  InitProducerId: [0, 4],
  AddPartitionsToTxn: [0, 3],
  EndTxn: [0, 3],
  SaslAuthenticate: [0, 1],
}
/** From these versions on, answers have the compact form (KIP-482). */
const FLEXIBLE: Partial<Record<Api, number>> = {
  Produce: 9,
  OffsetFetch: 6,
  InitProducerId: 2,
  AddPartitionsToTxn: 3,
  EndTxn: 3,
}

const TOPIC = 't'
const MEMBER = 'member-1'

/** A body behind the header of an answer. */
export function framed({ api, version, correlationId }: FakeRequest, body: Buffer): Buffer {
  const flexible = version >= (FLEXIBLE[api] ?? Infinity)
  return sized(Buffer.concat([int32(correlationId), flexible ? NO_TAGS : NOTHING, body]))
}

/** The answers of a good broker. */
export function goodAnswer(request: FakeRequest, { port }: { readonly port: number }): FakeAnswer {
  const { api, version } = request
  switch (api) {
    case 'ApiVersions':
      return apiVersions(version)
    case 'Metadata':
      return metadata(port)
    case 'FindCoordinator':
      return coordinator(port)
    case 'JoinGroup':
      return joined()
    case 'SyncGroup':
      return synced(assignment())
    case 'Heartbeat':
      return Buffer.concat([int32(0), int16(0)])
    case 'LeaveGroup':
      return Buffer.concat([int32(0), int16(0), array([])])
    case 'OffsetFetch':
      return offsetFetched(version)
    case 'OffsetCommit':
      return committed(version)
    case 'ListOffsets':
      return listed(version)
    case 'Fetch':
      return later(100, fetched())
    case 'Produce':
      return produced(version)
    case 'InitProducerId':
      return initialized(version)
    case 'AddPartitionsToTxn':
      return added()
    case 'EndTxn':
      return Buffer.concat([int32(0), int16(0), NO_TAGS])
    case 'SaslHandshake':
      return Buffer.concat([int16(0), array(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'].map(string))])
    case 'SaslAuthenticate':
      return saslAnswer(version, NOTHING)
  }
}

export const NOTHING: Buffer = Buffer.alloc(0)
const NO_TAGS = Buffer.from([0])
const int8 = (value: number): Buffer => Buffer.from([value])
export const int16 = (value: number): Buffer => written(2, (bytes) => bytes.writeInt16BE(value))
export const int32 = (value: number): Buffer => written(4, (bytes) => bytes.writeInt32BE(value))
export const int64 = (value: number): Buffer => written(8, (bytes) => bytes.writeBigInt64BE(BigInt(value)))
export const sized = (bytes: Buffer): Buffer => Buffer.concat([int32(bytes.length), bytes])
export const string = (text: string): Buffer => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)])
export const array = (items: readonly Buffer[]): Buffer => Buffer.concat([int32(items.length), ...items])
const compactString = (text: string): Buffer => Buffer.concat([int8(text.length + 1), Buffer.from(text)])
const compactArray = (items: readonly Buffer[]): Buffer => Buffer.concat([int8(items.length + 1), ...items])

function written(size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size)
  write(bytes)
  return bytes
}

/** Answers some time later. */
function later(ms: number, body: Buffer): FakeAnswer {
  return async (request) => {
    await sleep(ms)
    if (!request.socket.destroyed) request.socket.write(framed(request, body))
  }
}

export function apiVersions(
  version: number,
  versions: readonly (readonly [key: number, min: number, max: number])[] = everyVersion(),
): Buffer {
  const items = versions.map(([key, min, max]) => Buffer.concat([int16(key), int16(min), int16(max)]))
  if (version < 3) return Buffer.concat([int16(0), array(items)])
  const tagged = items.map((item) => Buffer.concat([item, NO_TAGS]))
  return Buffer.concat([int16(0), compactArray(tagged), int32(0), NO_TAGS])
}

const everyVersion = () =>
  Object.entries(VERSIONS).map(([api, [min, max]]) => [API_KEYS[api as Api], min, max] as const)

interface FakePartition {
  readonly partition?: number
  readonly leader?: number
}

export function metadata(
  port: number,
  {
    host = '127.0.0.1',
    nodeId = 1,
    topic = TOPIC,
    errorCode = 0,
    partitions = [{}],
  }: { host?: string; nodeId?: number; topic?: string; errorCode?: number; partitions?: readonly FakePartition[] } = {},
): Buffer {
  const broker = Buffer.concat([int32(nodeId), string(host), int32(port), int16(-1)])
  const all = partitions.map(({ partition = 0, leader = 1 }) =>
    Buffer.concat([int16(0), int32(partition), int32(leader), array([int32(1)]), array([int32(1)]), array([])]),
  )
  return Buffer.concat([
    int32(0),
    array([broker]),
    int16(-1),
    int32(1),
    array([Buffer.concat([int16(errorCode), string(topic), int8(0), array(all)])]),
  ])
}

export function coordinator(port: number, { errorCode = 0, nodeId = 1, host = '127.0.0.1' } = {}): Buffer {
  return Buffer.concat([int32(0), int16(errorCode), int16(-1), int32(nodeId), string(host), int32(port)])
}

export function joined({
  errorCode = 0,
  generation = 1,
  protocol = 'cooperative-sticky',
  memberId = MEMBER,
  leaderId = 'another',
  members = [] as readonly Buffer[],
} = {}): Buffer {
  return Buffer.concat([
    int32(0),
    int16(errorCode),
    int32(generation),
    string(protocol),
    string(leaderId),
    string(memberId),
    array(members.map((metadata) => Buffer.concat([string(MEMBER), int16(-1), sized(metadata)]))),
  ])
}

export function synced(bytes: Buffer, errorCode = 0): Buffer {
  return Buffer.concat([int32(0), int16(errorCode), sized(bytes)])
}

export function assignment(topic: string = TOPIC, partitions: readonly number[] = [0]): Buffer {
  return Buffer.concat([int16(0), array([Buffer.concat([string(topic), array(partitions.map(int32))])]), int32(0)])
}

export function offsetFetched(version: number, { offset = -1, errorCode = 0, leftOut = false } = {}): Buffer {
  if (version >= 6) {
    const partition = Buffer.concat([int32(0), int64(offset), int32(-1), int8(0), int16(errorCode), NO_TAGS])
    const topic = Buffer.concat([compactString(TOPIC), compactArray([partition]), NO_TAGS])
    return Buffer.concat([int32(0), compactArray(leftOut ? [] : [topic]), int16(0), NO_TAGS])
  }
  const partition = Buffer.concat([
    int32(0),
    int64(offset),
    ...(version >= 5 ? [int32(-1)] : []),
    string(''),
    int16(errorCode),
  ])
  return Buffer.concat([
    ...(version >= 3 ? [int32(0)] : []),
    array(leftOut ? [] : [Buffer.concat([string(TOPIC), array([partition])])]),
    ...(version >= 2 ? [int16(0)] : []),
  ])
}

export function committed(version: number, { errorCode = 0, leftOut = false } = {}): Buffer {
  const topic = Buffer.concat([string(TOPIC), array([Buffer.concat([int32(0), int16(errorCode)])])])
  return Buffer.concat([...(version >= 3 ? [int32(0)] : []), array(leftOut ? [] : [topic])])
}

export function listed(version: number, { offset = 0, errorCode = 0, leftOut = false } = {}): Buffer {
  const partition = Buffer.concat([
    int32(0),
    int16(errorCode),
    int64(-1),
    int64(offset),
    ...(version >= 4 ? [int32(-1)] : []),
  ])
  return Buffer.concat([int32(0), array(leftOut ? [] : [Buffer.concat([string(TOPIC), array([partition])])])])
}

export function fetched({
  errorCode = 0,
  replica = -1,
  records = NOTHING,
  partition = 0,
  leftOut = false,
  abortedCount = 0,
} = {}): Buffer {
  const one = Buffer.concat([
    int32(partition),
    int16(errorCode),
    int64(0),
    int64(0),
    int64(0),
    int32(abortedCount),
    int32(replica),
    sized(records),
  ])
  return Buffer.concat([
    int32(0),
    int16(0),
    int32(0),
    array(leftOut ? [] : [Buffer.concat([string(TOPIC), array([one])])]),
  ])
}

export function produced(version: number, { errorCode = 0, leftOut = false } = {}): Buffer {
  if (version >= 9) {
    const partition = Buffer.concat([
      int32(0),
      int16(errorCode),
      int64(0),
      int64(-1),
      int64(0),
      compactArray([]),
      int8(0),
      NO_TAGS,
    ])
    const topic = Buffer.concat([compactString(TOPIC), compactArray([partition]), NO_TAGS])
    return Buffer.concat([compactArray(leftOut ? [] : [topic]), int32(0), NO_TAGS])
  }
  const partition = Buffer.concat([
    int32(0),
    int16(errorCode),
    int64(0),
    int64(-1),
    ...(version >= 5 ? [int64(0)] : []),
    // No record error, and no message.
    ...(version >= 8 ? [array([]), int16(-1)] : []),
  ])
  return Buffer.concat([array(leftOut ? [] : [Buffer.concat([string(TOPIC), array([partition])])]), int32(0)])
}

export function initialized(version: number, { errorCode = 0, producerId = 7 } = {}): Buffer {
  const producer = Buffer.concat([int64(producerId), int16(producerId < 0 ? -1 : 0)])
  return Buffer.concat([int32(0), int16(errorCode), producer, ...(version >= 2 ? [NO_TAGS] : [])])
}

/** The answer to AddPartitionsToTxn in version 3. */
export function added({ errorCode = 0, leftOut = false } = {}): Buffer {
  const partition = Buffer.concat([int32(0), int16(errorCode), NO_TAGS])
  const topic = Buffer.concat([compactString(TOPIC), compactArray([partition]), NO_TAGS])
  return Buffer.concat([int32(0), compactArray(leftOut ? [] : [topic]), NO_TAGS])
}

export function saslAnswer(version: number, bytes: Buffer, { errorCode = 0, said = '', lifetimeMs = 0 } = {}): Buffer {
  return Buffer.concat([int16(errorCode), string(said), sized(bytes), ...(version >= 1 ? [int64(lifetimeMs)] : [])])
}
