import { unsupported } from '../errors/kafka-error.ts'
import { shownAddress } from '../protocol/broker-address.ts'
import { byteReader } from '../protocol/byte-reader.ts'
import type { ByteReader, FieldForm } from '../protocol/byte-reader.ts'
import { byteWriter } from '../protocol/byte-writer.ts'
import type { ByteWriter } from '../protocol/byte-writer.ts'
import type { RawRequest, RawRequests } from '../protocol/connection.ts'

/** One of Kafka's requests and its answer, in some versions, as bytes. */
export interface Api<Request, Answer> {
  /** Kafka's name of it. */
  readonly name: string
  readonly key: number
  /** The oldest and the newest version. */
  readonly versions: readonly [min: number, max: number]
  /** The first flexible version (KIP-482). */
  readonly flexibleSince: number
  /** The expected size of a request, in bytes; a larger one is written too. Default: 256. */
  sizeHint?(request: Request): number
  write(to: ByteWriter, request: Request, version: number): void
  read(from: ByteReader, version: number): Answer & Throttled
}

/** The part that all answers have. */
interface Throttled {
  /** How long the broker does not read from this connection, in ms. */
  readonly throttleMs: number
}

/**
 * Sends a request in the newest version that both sides support. Rejects with `UNSUPPORTED` if they have none in common, with
 * `KAFKA_FAILED` for an answer that cannot be read, and as the connection does.
 *
 * @param newest the newest version to send; default: that of the API
 */
export async function call<Request, Answer>(
  connection: RawRequests,
  api: Api<Request, Answer>,
  request: Request,
  newest: number = api.versions[1],
): Promise<Answer> {
  const { version, ...encoded } = encode(connection, api, request, newest)
  const answer = await connection.request({ ...encoded, version })
  const what = `the answer of the broker ${shownAddress(connection.address)} to ${api.name}`
  const read = api.read(byteReader(answer, what, formOf(api, version)), version)
  connection.mute(read.throttleMs)
  return read
}

/** Sends a request to which the broker sends no answer. Resolves once it is sent, and rejects as `call` does. */
export async function send<Request>(
  connection: RawRequests,
  api: Api<Request, unknown>,
  request: Request,
  newest: number = api.versions[1],
): Promise<void> {
  await connection.request({ ...encode(connection, api, request, newest), answered: false })
}

function encode<Request>(
  connection: RawRequests,
  api: Api<Request, unknown>,
  request: Request,
  newest: number,
): RawRequest {
  const version = versionFor(connection, api, newest)
  const form = formOf(api, version)
  const to = byteWriter(form, api.sizeHint?.(request))
  api.write(to, request, version)
  return { api: api.name, apiKey: api.key, version, flexible: form === 'flexible', body: to.done() }
}

const formOf = ({ flexibleSince }: Api<never, unknown>, version: number): FieldForm =>
  version >= flexibleSince ? 'flexible' : 'classic'

function versionFor(
  connection: RawRequests,
  { name, key, versions: [oldest] }: Api<never, unknown>,
  newest: number,
): number {
  const known = connection.versions(key)
  const version = Math.min(newest, known?.max ?? -1)
  if (known && version >= Math.max(oldest, known.min)) return version
  throw unsupported(connection.address, name, oldest === newest ? `${newest}` : `${oldest} to ${newest}`)
}
