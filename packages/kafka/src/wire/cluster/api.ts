import { unsupported } from '../errors/kafka-error.ts'
import { shownAddress } from '../protocol/broker-address.ts'
import { byteReader } from '../protocol/byte-reader.ts'
import type { ByteReader, FieldForm } from '../protocol/byte-reader.ts'
import { byteWriter } from '../protocol/byte-writer.ts'
import type { ByteWriter } from '../protocol/byte-writer.ts'
import type { RawRequests } from '../protocol/connection.ts'

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
  const { name, key, flexibleSince } = api
  const version = versionFor(connection, api, newest)
  const form: FieldForm = version >= flexibleSince ? 'flexible' : 'classic'
  const body = byteWriter(form, api.sizeHint?.(request))
  api.write(body, request, version)
  const answer = await connection.request({
    api: name,
    apiKey: key,
    version,
    flexible: form === 'flexible',
    body: body.done(),
  })
  const what = `the answer of the broker ${shownAddress(connection.address)} to ${name}`
  const read = api.read(byteReader(answer, what, form), version)
  connection.mute(read.throttleMs)
  return read
}

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
