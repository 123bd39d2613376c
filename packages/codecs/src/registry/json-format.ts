import { makeJsonCodec } from '../json/json-codec.ts'
import { compileForeignSchema, compileSchema } from '../json/json-schema.ts'
import { withDefaultLimits } from '../limits.ts'
import type { JsonRegistryOptions } from './codec-options.ts'
import { parseSchema, type Format } from './format.ts'
import type { RegisteredSchema, RegistryClient, SchemaReference } from './registry-client.ts'

/** JSON by the wire format. Throws `USAGE` for an invalid schema. */
export function jsonFormat<T>(
  { resolve }: Pick<RegistryClient, 'resolve'>,
  { schema, references = [], formats = true, maxBytes, maxDepth }: JsonRegistryOptions,
): Format<T> {
  const limits = withDefaultLimits({ maxBytes, maxDepth })
  // A schema with references can be checked only when those were fetched.
  if (schema !== undefined && references.length === 0) compileSchema({ schema, formats, maxBytes, maxDepth })

  async function referred(list: readonly SchemaReference[]): Promise<Readonly<Record<string, object>>> {
    const found = await resolve(list)
    return Object.fromEntries(
      found.map(({ name, schema: text }) => [name, parseSchema(text, `the schema of ${name}`) as object]),
    )
  }
  async function registered({ id, schema: text, references: list }: RegisteredSchema) {
    const content = parseSchema(text, `the schema with the id ${id}`)
    return makeJsonCodec<T>(compileForeignSchema(content, await referred(list), formats), limits)
  }
  const own =
    schema &&
    (async () => makeJsonCodec<T>(compileSchema({ schema, formats, references: await referred(references) }), limits))

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
