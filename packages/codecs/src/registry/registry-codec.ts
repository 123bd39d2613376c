import { SnapstreamError, type Codec, type CodecContext, type SyncCodec } from '@snapstream/core'
import { codecError, messageOf, show } from '../codec-error.ts'
import type { SubjectOptions } from './codec-options.ts'
import { checkCodecOptions } from './check-codec-options.ts'
import type { Format } from './format.ts'
import type { RegisteredSchema, RegistryClient } from './registry-client.ts'
import { remembered } from './remembered.ts'
import { subjectOf } from './subject-of.ts'
import { readBody, readSchemaId, withSchemaId } from './wire-format.ts'

/** A codec that asks the registry where it does not know a schema yet, and else answers at once. */
export interface RegistryCodec<T> extends Codec<T> {
  /**
   * Asks for all that writing to this topic needs, and for every schema that its subject has: from then on neither
   * `encode` nor `decode` answers with a promise for them. To find out, before a stream starts, that something is missing.
   */
  prepare(context: CodecContext): Promise<void>
}

/** Schemas that are at hand at the same time. */
const MOST_READERS = 2000

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
  const reading = remembered(async (id: number) => {
    const reader = await makeReader(await client.schemaById(id))
    if (readers.size >= MOST_READERS) readers.delete(readers.keys().next().value!)
    readers.set(id, reader)
    return reader
  }, failureTtlMs)

  /** Of whoever wrote the schema: what this program cannot read by it, no record can make right. */
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
  const writing = remembered(async (subject: string) => {
    const writer = await makeWriter(subject)
    if (writers.size >= MOST_READERS) writers.delete(writers.keys().next().value!)
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

  // A topic asks with the same context each time.
  let lastContext: CodecContext | undefined
  let lastWriter: Writer<T> | undefined

  return {
    encode(value, context) {
      if (lastWriter !== undefined && context === lastContext) return lastWriter(value)
      const subject = subjectOf(strategy, context, own?.recordName)
      const writer = writers.get(subject)
      if (writer === undefined) return writing.get(subject).then((made) => made(value))
      lastContext = context
      lastWriter = writer
      return writer(value)
    },
    decode(bytes) {
      const id = readSchemaId(bytes)
      const body = readBody(bytes)
      const reader = readers.get(id)
      return reader === undefined ? reading.get(id).then((made) => made.decode(body)) : reader.decode(body)
    },
    async prepare(context) {
      const subject = subjectOf(strategy, context, own?.recordName)
      await writing.get(subject)
      const versions = await client.versions(subject)
      const schemas = await Promise.all(versions.map((version) => client.version(subject, version)))
      await Promise.all(schemas.map(({ id }) => reading.get(id)))
    },
  }
}
