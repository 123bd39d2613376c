import { Buffer } from 'node:buffer'
import { toError } from '@snapstream/core'
import type { Codec, CodecContext, MaybePromise } from '@snapstream/core'
import type { RegisteredSchema, SchemaRegistry } from '@snapstream/codecs/registry'
import type { Settings } from '../settings/settings.ts'
import { usage } from '../usage.ts'
import { avroJson } from './avro-json.ts'
import type { AvroJson } from './avro-json.ts'
import { DATES_AS_TEXT } from './dates-as-text.ts'
import { readSchema } from './read-schema.ts'

/** Reads bytes as JSON. Throws, or rejects, with what is wrong with them. */
export type ValueReader = (bytes: Uint8Array, topic: string) => MaybePromise<string>
/** Makes bytes of JSON. Throws, or rejects, with what is wrong with it. */
export type ValueWriter = (json: string, topic: string) => MaybePromise<Uint8Array>

interface ValueFormat {
  readonly read: ValueReader
  readonly write: ValueWriter
}

/** With every branch of a union by its name and all longs there are, nothing is left to guess. */
const OPTIONS = { logicalTypes: DATES_AS_TEXT, long: 'bigint', wrapUnions: 'always' } as const
/** Of what names its schema: a byte that is zero, and the id in four. */
const HEADER_BYTES = 5

/** How values are read and written: by the schema that was given, by the one that they name, or undefined: as they are. */
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

function open(make: () => SchemaRegistry): SchemaRegistry {
  try {
    return make()
  } catch (error) {
    const { message } = toError(error)
    throw usage(message.replace(/^url of SchemaRegistry/, 'the registry (--registry, or what stands for it)'), error)
  }
}

function ofAvro(codec: Codec<unknown>, json: AvroJson): ValueFormat {
  return {
    read: (bytes, topic) => andThen(codec.decode(bytes, contextOf(topic)), json.print),
    write: (text, topic) => codec.encode(json.parse(text), contextOf(topic)),
  }
}

/** JSON is carried as the text that it is: the codec says whether it fits, and which schema it names. */
function ofJson(codec: Codec<unknown>): ValueFormat {
  return {
    read: (bytes, topic) => andThen(codec.decode(bytes, contextOf(topic)), () => asText(bytes.subarray(HEADER_BYTES))),
    write: (text, topic) =>
      andThen(codec.encode(JSON.parse(text), contextOf(topic)), (bytes) =>
        Buffer.concat([bytes.subarray(0, HEADER_BYTES), Buffer.from(text)]),
      ),
  }
}

/** Reads each value by the kind of schema that it names, and writes by the schema that was given, else the topic's latest. */
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
    // It may turn out that the bytes are to be refused: the codec has the words for it.
    const registered = await registry.schemaById(id)
    if (registered.type !== 'JSON') await avro.decode(bytes, contextOf(topic))
    const format = await formatOf(registered)
    byId.set(id, format)
    return format.read(bytes, topic)
  }

  return {
    read(bytes, topic) {
      const id = bytes.length < HEADER_BYTES || bytes[0] !== 0 ? undefined : viewOf(bytes).getUint32(1)
      // What has no id is refused by either of them, in the same words.
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

/** Without a promise where there is none. */
function andThen<T, R>(value: MaybePromise<T>, change: (value: T) => R): MaybePromise<R> {
  return isPromise(value) ? value.then((settled) => change(settled)) : change(value)
}

function isPromise<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function'
}
