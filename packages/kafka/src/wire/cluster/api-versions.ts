import { SnapstreamError } from '@snapstream/core'
import { KAFKA, kafkaErrorKind } from '../errors/error-table.ts'
import { protocolError } from '../errors/kafka-error.ts'
import { shownAddress } from '../protocol/broker-address.ts'
import type { ByteReader, FieldForm } from '../protocol/byte-reader.ts'
import { byteWriter } from '../protocol/byte-writer.ts'
import type { ApiVersions, BrokerAddress } from '../protocol/connection.ts'

/** The requests that a broker supports, and the features of its cluster. */
export interface BrokerApis {
  /** The versions of each request that the broker supports, by API key. */
  readonly versions: ReadonlyMap<number, ApiVersions>
  /** The level of each feature that the whole cluster supports (KIP-584), by name. */
  readonly features: ReadonlyMap<string, number>
}

/** Sends a request during the handshake. `form`: that of the version. @param form default `'classic'` */
export type Ask = (api: string, apiKey: number, version: number, body: Buffer, form?: FieldForm) => Promise<ByteReader>

const API_VERSIONS = 18
/** The first version with features (Kafka 2.4). */
const WITH_FEATURES = 3
const OLDEST = 0
const NOTHING = Buffer.alloc(0)
/** The tagged fields of the answer. */
const [FEATURES_EPOCH, FINALIZED_FEATURES] = [1, 2]

/** Sends ApiVersions. A broker that does not know its newer version answers in the oldest one, and is asked in that. */
export async function requestApiVersions(ask: Ask, address: BrokerAddress): Promise<BrokerApis> {
  const read = await ask('ApiVersions', API_VERSIONS, WITH_FEATURES, namedClient(), 'flexible')
  const errorCode = read.int16()
  if (errorCode === 0) return readApis(read)
  if (errorCode !== KAFKA.UNSUPPORTED_VERSION) throw refused(errorCode, address)
  const oldest = await ask('ApiVersions', API_VERSIONS, OLDEST, NOTHING)
  const again = oldest.int16()
  if (again !== 0) throw refused(again, address)
  return { versions: readVersions(oldest), features: new Map() }
}

function readVersions(read: ByteReader): Map<number, ApiVersions> {
  const versions = new Map<number, ApiVersions>()
  read.array(() => {
    versions.set(read.int16(), { min: read.int16(), max: read.int16() })
    read.tags()
  })
  return versions
}

function readApis(read: ByteReader): BrokerApis {
  const versions = readVersions(read)
  // The throttle time: nothing waits for an answer yet.
  read.int32()
  const features = new Map<string, number>()
  let epoch = -1
  read.tags((tag, field) => {
    if (tag === FEATURES_EPOCH) epoch = field.int64()
    if (tag !== FINALIZED_FEATURES) return
    field.array(() => {
      features.set(field.string(), field.int16())
      // The oldest level.
      field.int16()
      field.tags()
    })
  })
  return { versions, features: epoch >= 0 ? features : new Map() }
}

/** The name and the version of this client, for the metrics of brokers (KIP-511). */
function namedClient(): Buffer {
  const body = byteWriter('flexible')
  body.string('snapstream')
  body.string('unknown')
  body.tags()
  return body.done()
}

function refused(errorCode: number, address: BrokerAddress): SnapstreamError {
  const { code, name } = kafkaErrorKind(errorCode)
  return new SnapstreamError(code, `the broker ${shownAddress(address)} does not report its API versions (${name})`, {
    cause: protocolError(errorCode),
  })
}
