import { isDeepStrictEqual } from 'node:util'
import { SnapstreamError } from '@snapstream/core'
import type { SyncCodec } from '@snapstream/core'
import { AvroCodec } from '@snapstream/codecs/avro'
import { AvroTap } from '@snapstream/codecs/src/avro/tap.ts'
import type { Target } from '../target.ts'
import { schemaPair } from './avro-schemas.ts'

/** The first byte of an input selects the pair of schemas. */
const PAIRS = 256
/** Fewer items than the default, because each input is read, written and compared several times. */
const OPTIONS = { long: 'bigint', wrapUnions: 'always', maxItems: 50_000 } as const

interface Codecs {
  readonly writer: SyncCodec<unknown>
  /** Undefined if the schemas are not compatible. */
  readonly reader: SyncCodec<unknown> | undefined
  /** Writes values of the reader's schema. */
  readonly own: SyncCodec<unknown> | undefined
}

function codecsOf(number: number): Codecs {
  const { writer, reader } = schemaPair(number)
  const plain = AvroCodec(writer, OPTIONS)
  try {
    return { writer: plain, reader: AvroCodec(reader, { ...OPTIONS, writer }), own: AvroCodec(reader, OPTIONS) }
  } catch (error) {
    if (SnapstreamError.is(error) && error.code === 'USAGE') return { writer: plain, reader: undefined, own: undefined }
    throw error
  }
}

/** Decodes bytes, and checks that the value survives a round trip. */
function readTwice(codec: SyncCodec<unknown>, own: SyncCodec<unknown>, bytes: Uint8Array): string {
  let value: unknown
  try {
    value = codec.decode(bytes)
  } catch (error) {
    if (!SnapstreamError.is(error) || error.code !== 'DECODE_FAILED') throw error
    return (error.cause as Error).message.replaceAll(/-?\d+|"[^"]*"/g, '#')
  }
  if (!isDeepStrictEqual(own.decode(own.encode(value)), value)) throw new Error('the value differs after a round trip')
  return 'ok'
}

export const avro: Target = {
  name: 'avro',
  about: 'Avro values of 256 pairs of schemas: read, resolved, skipped and written again',
  seeds: () =>
    Array.from({ length: PAIRS }, (_, number) => {
      const { writer, values } = schemaPair(number)
      const codec = AvroCodec(writer, OPTIONS)
      return values.map((value) => Buffer.concat([Buffer.of(number), codec.encode(value)]))
    }).flat(),
  open(planted) {
    // Deliberate bug: an int is read as a long without a check of its range.
    if (planted) AvroTap.prototype.readInt = AvroTap.prototype.readLong
    const known: Codecs[] = []
    return (input) => {
      const number = input[0] ?? 0
      const { writer, reader, own } = (known[number] ??= codecsOf(number))
      const bytes = input.subarray(1)
      const plain = readTwice(writer, writer, bytes)
      return `${plain}, ${reader && own ? readTwice(reader, own, bytes) : 'no reader'}`
    }
  },
}
