const VALID_PART = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * A schema whose types and fields are called something that avsc takes, where other writers allow more (`db-1.shop`). What
 * they were called is noted in `originals`, by part. The schema itself where there is nothing to do.
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
      // Of a field that has a dot in its name, avsc says what is wrong.
      name: typeof name === 'string' && !name.includes('.') ? validPart(name, originals) : name,
      ...(aliases !== undefined && { aliases: Array.isArray(aliases) ? aliases.map(valid) : aliases }),
    }
  }
  const made = visit(schema)
  return originals.size === 0 ? schema : made
}

/** The name that was given, of a type that has a valid one. */
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

/** The schema of somebody else without the defaults of its fields: they count for nothing where it is only read. */
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
