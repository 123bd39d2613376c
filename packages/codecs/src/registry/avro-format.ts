import { makeAvroCodec } from '../avro/avro-codec.ts'
import { readAvroSchema, type WholeAvroSchema } from '../avro/avro-schema.ts'
import { makeType } from '../avro/make-type.ts'
import type { AvroRegistryOptions } from './codec-options.ts'
import { parseSchema, type Format } from './format.ts'
import type { RegisteredSchema, RegistryClient, SchemaReference } from './registry-client.ts'

/** Avro by the wire format. Throws `USAGE` for an invalid schema. */
export function avroFormat<T>(
  { resolve }: Pick<RegistryClient, 'resolve'>,
  { schema, references = [], long, logicalTypes, wrapUnions, maxBytes, maxDepth, maxItems }: AvroRegistryOptions,
): Format<T> {
  const typeOptions = { long, logicalTypes, wrapUnions, maxBytes, maxDepth, maxItems }
  const given = schema === undefined ? undefined : readAvroSchema(schema)
  // A schema with references can be checked only when those were fetched.
  if (given && references.length === 0) makeType({ ...given, references: [] }, typeOptions)

  async function referred(list: readonly SchemaReference[]): Promise<readonly unknown[]> {
    return (await resolve(list)).map(({ name, schema: text }) => parseSchema(text, `the schema of ${name}`))
  }
  async function toWhole({ id, schema: text, references: list }: RegisteredSchema): Promise<WholeAvroSchema> {
    const name = `the schema with the id ${id}`
    return { content: parseSchema(text, name), name, references: await referred(list), foreign: true }
  }
  const own = async () => given && { ...given, references: await referred(references) }

  return {
    type: 'AVRO',
    own: given && { text: JSON.stringify(given.content), recordName: fullName(given.content), references },
    async writer(latest) {
      return makeAvroCodec((await own()) ?? (await toWhole(latest!)), undefined, typeOptions)
    },
    async reader(registered) {
      const writer = await toWhole(registered)
      const reader = await own()
      if (reader === undefined) return makeAvroCodec(writer, undefined, typeOptions)
      const isOther = JSON.stringify(reader.content) !== JSON.stringify(writer.content)
      return makeAvroCodec(reader, isOther ? writer : undefined, typeOptions)
    },
  }
}

function fullName(schema: unknown): string | undefined {
  if (typeof schema !== 'object' || schema === null || !('name' in schema)) return undefined
  const { name, namespace } = schema as { readonly name: unknown; readonly namespace?: unknown }
  if (typeof name !== 'string') return undefined
  return name.includes('.') || typeof namespace !== 'string' || namespace === '' ? name : `${namespace}.${name}`
}
