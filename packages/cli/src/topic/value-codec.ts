import type { Codec } from '@snapstream/core'
import type { Settings } from '../settings/settings.ts'
import { DATES_AS_TEXT } from './dates-as-text.ts'
import { readSchema } from './read-schema.ts'

/** How values are read: by the schema that was given, by the one that they name, or undefined: as they are. */
export async function readingCodec({
  schema,
  registry,
}: Settings): Promise<Pick<Codec<unknown>, 'decode'> | undefined> {
  // All longs there are can be shown.
  const options = { logicalTypes: DATES_AS_TEXT, long: 'bigint' } as const
  if (registry !== undefined) {
    const { registryReader } = await import('./registry-values.ts')
    return registryReader(registry, schema === undefined ? options : { ...options, schema: readSchema(schema) })
  }
  if (schema === undefined) return undefined
  const { AvroCodec } = await import('@snapstream/codecs/avro')
  return AvroCodec(readSchema(schema), options)
}

/** The same for writing. */
export async function writingCodec({
  schema,
  registry,
}: Settings): Promise<Pick<Codec<unknown>, 'encode'> | undefined> {
  const options = { logicalTypes: DATES_AS_TEXT }
  if (registry !== undefined) {
    const { registryWriter } = await import('./registry-values.ts')
    return registryWriter(registry, schema === undefined ? options : { ...options, schema: readSchema(schema) })
  }
  if (schema === undefined) return undefined
  const { AvroCodec } = await import('@snapstream/codecs/avro')
  return AvroCodec(readSchema(schema), options)
}
