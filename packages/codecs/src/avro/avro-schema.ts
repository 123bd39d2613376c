import { readFileSync } from 'node:fs'
import { SnapstreamError, describe, toError } from '@snapstream/core'

interface AvroSchema {
  readonly content: unknown
  /** For error messages. */
  readonly name: string
}

/** A schema with the schemas that it refers to; each refers only to those before it. */
export interface WholeAvroSchema extends AvroSchema {
  readonly references: readonly unknown[]
  /** Whether others wrote it: invalid defaults are then ignored. */
  readonly foreign?: boolean | undefined
}

/** Reads the file of a schema if it is a path. Throws `USAGE`, with the path, for a file that cannot be read or is not JSON. */
export function readAvroSchema(schema: object | string): AvroSchema {
  if (typeof schema === 'object' && schema !== null) return { content: schema, name: `AvroCodec${nameOf(schema)}` }
  if (typeof schema !== 'string' || schema === '')
    throw new SnapstreamError('USAGE', `AvroCodec takes a schema or the path of an .avsc file, got ${describe(schema)}`)
  let text: string
  try {
    text = readFileSync(schema, 'utf8')
  } catch (error) {
    const cause = toError(error)
    throw new SnapstreamError(
      'USAGE',
      `AvroCodec cannot read the schema file ${describe(schema)}: ${cause.message}; give a schema itself as an object`,
      { cause },
    )
  }
  try {
    return { content: JSON.parse(text), name: `AvroCodec (${schema})` }
  } catch (error) {
    const cause = toError(error)
    throw new SnapstreamError('USAGE', `the schema file ${schema} is not JSON: ${cause.message}`, { cause })
  }
}

function nameOf(schema: object): string {
  return 'name' in schema && typeof schema.name === 'string' ? ` of ${schema.name}` : ''
}

const VALID_PART = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Replaces names that avsc refuses and other writers allow (`db-1.shop`). Adds the original of each part of a name to
 * `originals`. Returns the schema itself if all names are valid.
 */
export function withValidNames(schema: unknown, originals: Map<string, string>): unknown {
  const valid = (name: unknown): unknown =>
    typeof name !== 'string'
      ? name
      : name
          .split('.')
          .map((part) => validPart(part, originals))
          .join('.')

  function visit(type: unknown): unknown {
    if (typeof type === 'string') return valid(type)
    if (Array.isArray(type)) return type.map(visit)
    if (typeof type !== 'object' || type === null) return type
    const { name, namespace, aliases, fields, items, values, ...rest } = type as Readonly<Record<string, unknown>>
    return {
      ...rest,
      ...('type' in rest && { type: visit(rest['type']) }),
      ...(name !== undefined && { name: valid(name) }),
      ...(namespace !== undefined && { namespace: valid(namespace) }),
      ...(aliases !== undefined && { aliases: Array.isArray(aliases) ? aliases.map(valid) : aliases }),
      ...(fields !== undefined && { fields: Array.isArray(fields) ? fields.map(visitField) : fields }),
      ...(items !== undefined && { items: visit(items) }),
      ...(values !== undefined && { values: visit(values) }),
    }
  }

  function visitField(field: unknown): unknown {
    if (typeof field !== 'object' || field === null) return field
    const { type, name, aliases, ...rest } = field as Readonly<Record<string, unknown>>
    return {
      ...rest,
      type: visit(type),
      // avsc explains what is wrong with a dot in the name of a field.
      name: typeof name === 'string' && !name.includes('.') ? validPart(name, originals) : name,
      ...(aliases !== undefined && { aliases: Array.isArray(aliases) ? aliases.map(valid) : aliases }),
    }
  }
  const made = visit(schema)
  return originals.size === 0 ? schema : made
}

/** The original name in the schema, for a name that avsc reports. */
export function originalName(name: string, originals: ReadonlyMap<string, string>): string {
  if (originals.size === 0) return name
  return name
    .split('.')
    .map((part) => originals.get(part) ?? part)
    .join('.')
}

function validPart(part: string, originals: Map<string, string>): string {
  if (part === '' || VALID_PART.test(part)) return part
  const valid = part.replaceAll(/^\d|[^A-Za-z0-9_]/gu, (char) => `_u${char.codePointAt(0)!.toString(16)}_`)
  originals.set(valid, part)
  return valid
}

/** Removes the defaults of all fields: a schema that is only read needs none. */
export function withoutDefaults(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDefaults)
  if (typeof schema !== 'object' || schema === null) return schema
  const { fields, type, items, values, ...rest } = schema as Readonly<Record<string, unknown>>
  return {
    ...rest,
    ...(type !== undefined && { type: withoutDefaults(type) }),
    ...(items !== undefined && { items: withoutDefaults(items) }),
    ...(values !== undefined && { values: withoutDefaults(values) }),
    ...(fields !== undefined && { fields: Array.isArray(fields) ? fields.map(withoutDefault) : fields }),
  }
}

function withoutDefault(field: unknown): unknown {
  if (typeof field !== 'object' || field === null) return field
  const { default: _, type, ...rest } = field as Readonly<Record<string, unknown>>
  return { ...rest, type: withoutDefaults(type) }
}
