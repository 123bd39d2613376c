import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { toError } from '@snapstream/core'
import type { Codec, CodecContext, MaybePromise } from '@snapstream/core'
import type { RegisteredSchema, SchemaRegistry } from '@snapstream/codecs/registry'
import type { Settings } from '../settings/settings.ts'
import { usage } from '../usage.ts'
import { avroJson } from './avro-json.ts'
import type { AvroJson } from './avro-json.ts'
import { DATES_AS_TEXT } from './dates-as-text.ts'

/** Decodes bytes to JSON. Throws, or rejects, if they do not decode. */
export type ValueReader = (bytes: Uint8Array, topic: string) => MaybePromise<string>
/** Encodes JSON to bytes. Throws, or rejects, if it does not fit. */
export type ValueWriter = (json: string, topic: string) => MaybePromise<Uint8Array>

interface ValueFormat {
  readonly read: ValueReader
  readonly write: ValueWriter
}

/** Without loss: unions have the names of their branches, and a long has all its digits. */
const OPTIONS = { logicalTypes: DATES_AS_TEXT, long: 'bigint', wrapUnions: 'always' } as const
/** A value of a registry begins with a byte of zero and the id of its schema in four bytes. */
const HEADER_BYTES = 5

/** The format of values: by the schema of the options, or by the schema ids in the values. Undefined: text or bytes. */
export async function valueFormat({ schema: path, registry: url }: Settings): Promise<ValueFormat | undefined> {
  const schema = path === undefined ? undefined : readSchema(path)
  if (url !== undefined) {
    const { SchemaRegistry } = await import('@snapstream/codecs/registry')
    return ofRegistry(
      open(() => SchemaRegistry({ url })),
      schema,
    )
  }
  if (schema === undefined) return undefined
  const { AvroCodec } = await import('@snapstream/codecs/avro')
  return ofAvro(AvroCodec(schema, OPTIONS), avroJson(schema))
}

/** The schema in an .avsc file. Throws `USAGE` for a file that cannot be read or is no JSON. */
function readSchema(path: string): object {
  let schema: unknown
  try {
    schema = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw usage(`cannot read the schema ${path}: ${toError(error).message}`, error)
  }
  // A schema may be the name of a type alone, as "string".
  return typeof schema === 'object' && schema !== null ? schema : { type: schema }
}

function open(make: () => SchemaRegistry): SchemaRegistry {
  try {
    return make()
  } catch (error) {
    const { message } = toError(error)
    throw usage(
      message.replace(
        /^url of SchemaRegistry/,
        'the registry (of --registry, of SNAPSTREAM_REGISTRY or of the configuration file)',
      ),
      error,
    )
  }
}

function ofAvro(codec: Codec<unknown>, json: AvroJson): ValueFormat {
  return {
    read: (bytes, topic) => andThen(codec.decode(bytes, contextOf(topic)), json.print),
    write: (text, topic) => codec.encode(json.parse(text), contextOf(topic)),
  }
}

/** JSON keeps its text: the codec only validates it, and adds or reads the id of its schema. */
function ofJson(codec: Codec<unknown>): ValueFormat {
  return {
    read: (bytes, topic) => andThen(codec.decode(bytes, contextOf(topic)), () => asText(bytes.subarray(HEADER_BYTES))),
    write: (text, topic) =>
      andThen(codec.encode(JSON.parse(text), contextOf(topic)), (bytes) =>
        Buffer.concat([bytes.subarray(0, HEADER_BYTES), Buffer.from(text)]),
      ),
  }
}

/** Decodes each value by the schema of its id. Encodes by the schema of the options, or else by the topic's latest. */
function ofRegistry(registry: SchemaRegistry, schema: object | undefined): ValueFormat {
  const avro = registry.avro(schema === undefined ? OPTIONS : { ...OPTIONS, schema })
  const json = ofJson(registry.json())
  const given = schema && ofAvro(avro, avroJson(schema))
  const byId = new Map<number, ValueFormat>()
  let latest: ValueFormat | undefined

  async function formatOf({ type, schema: text, references }: RegisteredSchema): Promise<ValueFormat> {
    if (type === 'JSON') return json
    const resolved = await registry.resolve(references)
    const referred = resolved.map((reference): unknown => JSON.parse(reference.schema))
    return given ?? ofAvro(avro, avroJson(JSON.parse(text), referred))
  }

  async function readFirst(id: number, bytes: Uint8Array, topic: string): Promise<string> {
    // The codec throws the error for bytes that do not decode.
    const registered = await registry.schemaById(id)
    if (registered.type !== 'JSON') await avro.decode(bytes, contextOf(topic))
    const format = await formatOf(registered)
    byId.set(id, format)
    return format.read(bytes, topic)
  }

  return {
    read(bytes, topic) {
      const id = bytes.length < HEADER_BYTES || bytes[0] !== 0 ? undefined : viewOf(bytes).getUint32(1)
      // Both codecs refuse bytes without an id, with the same error.
      if (id === undefined) return andThen(avro.decode(bytes, contextOf(topic)), String)
      return byId.get(id)?.read(bytes, topic) ?? readFirst(id, bytes, topic)
    },
    write(text, topic) {
      const known = given ?? latest
      if (known !== undefined) return known.write(text, topic)
      return registry.version(`${topic}-value`, 'latest').then(async (version) => {
        latest = await formatOf(version)
        return latest.write(text, topic)
      })
    },
  }
}

function contextOf(topic: string): CodecContext {
  return { topic, part: 'value' }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

function asText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8')
}

/** Synchronous for a value that is no promise. */
function andThen<T, R>(value: MaybePromise<T>, change: (value: T) => R): MaybePromise<R> {
  return isPromise(value) ? value.then((settled) => change(settled)) : change(value)
}

function isPromise<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function'
}
