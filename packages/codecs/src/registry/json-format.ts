import { makeJsonCodec } from '../json/json-codec.ts'
import { compileSchema } from '../json/compile-schema.ts'
import type { JsonRegistryOptions } from './codec-options.ts'
import type { Format } from './format.ts'
import { parseSchema } from './parse-schema.ts'
import type { RegisteredSchema, RegistryClient, SchemaReference } from './registry-client.ts'

/** Throws `USAGE` for a schema that cannot be used. */
export function jsonFormat<T>(
  { resolve }: Pick<RegistryClient, 'resolve'>,
  { schema, references = [], formats = true }: JsonRegistryOptions,
): Format<T> {
  // With references it can only be made when those are here.
  if (schema !== undefined && references.length === 0) compileSchema({ schema, formats })

  async function codecOf(content: object, list: readonly SchemaReference[], lenient: boolean) {
    const found = (await resolve(list)).map(
      ({ name, schema: text }) => [name, parseSchema(text, `the schema of ${name}`) as object] as const,
    )
    return makeJsonCodec<T>(compileSchema({ schema: content, formats, references: Object.fromEntries(found) }, lenient))
  }
  const registered = ({ id, schema: text, references: list }: RegisteredSchema) =>
    // Others wrote it, and may use keywords that ajv does not know.
    codecOf(parseSchema(text, `the schema with the id ${id}`) as object, list, true)
  const own = schema && (() => codecOf(schema, references, false))

  return {
    type: 'JSON',
    own: schema && { text: JSON.stringify(schema), recordName: titleOf(schema), references },
    writer: (latest) => own?.() ?? registered(latest!),
    reader: (writer) => own?.() ?? registered(writer),
  }
}

function titleOf(schema: object): string | undefined {
  return 'title' in schema && typeof schema.title === 'string' ? schema.title : undefined
}
