import { Buffer } from 'node:buffer'
import type { Codec, CodecContext, MaybePromise } from '@snapstream/core'
import { SchemaRegistry } from '@snapstream/codecs/registry'
import type { AvroRegistryOptions, RegistryCodec } from '@snapstream/codecs/registry'

type SchemaKind = 'AVRO' | 'JSON'

/** Reads values that name their schema: each by the kind of that, whatever the topic has beside it. */
export function registryReader(url: string, avro: AvroRegistryOptions): Pick<Codec<unknown>, 'decode'> {
  const registry = SchemaRegistry({ url })
  const codecs = codecsOf(registry, avro)
  const kinds = new Map<number, RegistryCodec<unknown>>()
  return {
    decode(bytes, context) {
      const known = kinds.get(idOf(bytes))
      if (known !== undefined) return known.decode(bytes, context)
      // What has no id is refused by either of them, in the same words.
      if (bytes.length < HEADER_BYTES || bytes[0] !== 0) return codecs.AVRO.decode(bytes, context)
      return registry.schemaById(idOf(bytes)).then(({ id, type }): MaybePromise<unknown> => {
        const codec = codecs[type === 'JSON' ? 'JSON' : 'AVRO']
        kinds.set(id, codec)
        return codec.decode(bytes, context)
      })
    },
  }
}

/** Writes values by the schema that was given, else by the latest of the topic. */
export function registryWriter(url: string, avro: AvroRegistryOptions): Pick<Codec<unknown>, 'encode'> {
  const registry = SchemaRegistry({ url })
  const codecs = codecsOf(registry, avro)
  let codec: RegistryCodec<unknown> | undefined = avro.schema === undefined ? undefined : codecs.AVRO
  return {
    encode(value, context) {
      if (codec !== undefined) return codec.encode(value, context)
      return registry.version(subjectOf(context), 'latest').then(({ type }): MaybePromise<Uint8Array> => {
        codec = codecs[type === 'JSON' ? 'JSON' : 'AVRO']
        return codec.encode(value, context)
      })
    },
  }
}

const HEADER_BYTES = 5

/** Behind a byte that is zero. */
function idOf(bytes: Uint8Array): number {
  return bytes.length < HEADER_BYTES ? -1 : Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_BYTES).readUInt32BE(1)
}

const subjectOf = (context: CodecContext | undefined) => `${context?.topic}-value`

function codecsOf(
  registry: SchemaRegistry,
  avro: AvroRegistryOptions,
): Readonly<Record<SchemaKind, RegistryCodec<unknown>>> {
  return { AVRO: registry.avro(avro), JSON: registry.json() }
}
