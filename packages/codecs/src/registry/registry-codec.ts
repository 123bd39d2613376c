import { SnapstreamError, type Codec, type CodecContext, type SyncCodec } from '@snapstream/core'
import { codecError, messageOf, show } from '../codec-error.ts'
import { checkCodecOptions, type SubjectOptions } from './codec-options.ts'
import type { Format } from './format.ts'
import { memoize } from './memoize.ts'
import type { RegisteredSchema, RegistryClient } from './registry-client.ts'
import { subjectOf } from './subject.ts'
import { readBody, readSchemaId, withSchemaId } from './wire-format.ts'

/**
 * A codec of the registry's wire format. It returns a promise where a schema has to be fetched first, and otherwise its
 * result at once.
 */
export interface RegistryCodec<T> extends Codec<T> {
  /**
   * Fetches (or registers) the schema for writing to a topic, and all versions of its subject for reading. From then on
   * `encode` and `decode` need no request for them. Call it before a stream starts to fail early. Rejects as
   * `SchemaRegistry` does, and with `ENCODE_FAILED` where the context does not determine the subject.
   */
  prepare(context: CodecContext): Promise<void>
}

/** The most schemas that are kept. */
const MAX_READERS = 2000

type Writer<T> = (value: T) => Uint8Array

export function registryCodec<T>(
  client: RegistryClient,
  format: Format<T>,
  options: SubjectOptions,
  failureTtlMs = 1000,
): RegistryCodec<T> {
  checkCodecOptions(options, format)
  const { subject: strategy = 'TopicName', register = false, unusableSchema = 'source' } = options
  const { own } = format

  const readers = new Map<number, SyncCodec<T>>()
  const reading = memoize(async (id: number) => {
    const reader = await makeReader(await client.schemaById(id))
    if (readers.size >= MAX_READERS) readers.delete(readers.keys().next().value!)
    readers.set(id, reader)
    return reader
  }, failureTtlMs)

  /** No other record of the schema would be readable either. */
  const unusable = (why: string, thrown?: unknown) =>
    codecError(unusableSchema === 'source' ? 'SCHEMA_UNUSABLE' : 'DECODE_FAILED', why, thrown)

  async function makeReader(schema: RegisteredSchema): Promise<SyncCodec<T>> {
    if (schema.type !== format.type)
      throw unusable(
        `the schema with the id ${schema.id} is one of ${show(schema.type)}, and this codec reads ${format.type}`,
      )
    try {
      return await format.reader(schema)
    } catch (error) {
      if (SnapstreamError.is(error) && error.code !== 'USAGE' && error.code !== 'SCHEMA_UNUSABLE') throw error
      throw unusable(`the schema with the id ${schema.id} cannot be used: ${messageOf(error)}`, error)
    }
  }

  const writers = new Map<string, Writer<T>>()
  const writing = memoize(async (subject: string) => {
    const writer = await makeWriter(subject)
    if (writers.size >= MAX_READERS) writers.delete(writers.keys().next().value!)
    writers.set(subject, writer)
    return writer
  }, failureTtlMs)

  async function makeWriter(subject: string): Promise<Writer<T>> {
    let id: number
    let codec: SyncCodec<T>
    if (own) {
      const schema = { schema: own.text, type: format.type, references: own.references }
      id = await (register ? client.register(subject, schema) : client.idOf(subject, schema))
      codec = await format.writer(undefined)
    } else {
      const latest = await client.version(subject, 'latest')
      if (latest.type !== format.type)
        throw codecError(
          'ENCODE_FAILED',
          `the subject ${show(subject)} has schemas of ${show(latest.type)}, and this codec writes ${format.type}`,
        )
      id = latest.id
      codec = await format.writer(latest)
    }
    return (value) => withSchemaId(id, codec.encode(value))
  }

  // A topic passes the same context each time.
  let lastContext: CodecContext | undefined
  let lastWriter: Writer<T> | undefined

  return {
    encode(value, context) {
      if (lastWriter !== undefined && context === lastContext) return lastWriter(value)
      const subject = subjectOf(strategy, context, own?.recordName)
      const writer = writers.get(subject)
      if (writer === undefined) return writing(subject).then((made) => made(value))
      lastContext = context
      lastWriter = writer
      return writer(value)
    },
    decode(bytes) {
      const id = readSchemaId(bytes)
      const body = readBody(bytes)
      const reader = readers.get(id)
      return reader === undefined ? reading(id).then((made) => made.decode(body)) : reader.decode(body)
    },
    async prepare(context) {
      const subject = subjectOf(strategy, context, own?.recordName)
      await writing(subject)
      const versions = await client.versions(subject)
      const schemas = await Promise.all(versions.map((version) => client.version(subject, version)))
      await Promise.all(schemas.map(({ id }) => reading(id)))
    },
  }
}
