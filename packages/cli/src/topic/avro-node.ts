type ScalarKind = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'string' | 'enum' | 'bytes' | 'fixed'

/** The part of a schema that decides how its values are written in JSON. */
export type AvroNode =
  | { readonly kind: ScalarKind; readonly isText: boolean }
  | { readonly kind: 'array'; readonly items: AvroNode }
  | { readonly kind: 'map'; readonly values: AvroNode }
  | { readonly kind: 'record'; readonly fields: ReadonlyMap<string, AvroNode> }
  | { readonly kind: 'union'; readonly branches: ReadonlyMap<string, AvroNode> }

type Schema = Readonly<Record<string, unknown>>

/** Logical types whose values are texts in JSON. */
const TEXTS: ReadonlySet<unknown> = new Set(['date', 'timestamp-millis', 'decimal', 'uuid'])
const UNNAMED: ReadonlySet<unknown> = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'string', 'bytes'])

/** Reads a schema that a codec has accepted. `references`: the schemas that it refers to, in their order. */
export function avroNode(schema: unknown, references: readonly unknown[]): AvroNode {
  const named = new Map<string, AvroNode>()

  function read(schema: unknown, namespace: string): AvroNode {
    if (Array.isArray(schema)) return { kind: 'union', branches: branchesOf(schema, namespace) }
    if (typeof schema === 'object' && schema !== null) return readObject(schema as Schema, namespace)
    const known = named.get(fullName(String(schema), namespace)) ?? named.get(String(schema))
    return known ?? { kind: schema as ScalarKind, isText: false }
  }

  function readObject(schema: Schema, outer: string): AvroNode {
    const { type, logicalType } = schema
    if (typeof type === 'object' || !hasForm(type)) return read(type, outer)
    if (type === 'array') return { kind: type, items: read(schema['items'], outer) }
    if (type === 'map') return { kind: type, values: read(schema['values'], outer) }
    const isText = TEXTS.has(logicalType)
    if (UNNAMED.has(type)) return { kind: type as ScalarKind, isText }
    const { name, namespace } = nameOf(schema, outer)
    if (type === 'enum' || type === 'fixed') return register(name, { kind: type, isText })
    const fields = new Map<string, AvroNode>()
    const node = register(name, { kind: 'record', fields })
    for (const field of schema['fields'] as readonly Schema[])
      fields.set(String(field['name']), read(field['type'], namespace))
    return node
  }

  function branchesOf(schemas: readonly unknown[], namespace: string): ReadonlyMap<string, AvroNode> {
    return new Map(schemas.map((schema) => [branchName(schema, namespace), read(schema, namespace)]))
  }

  /** The full name of a named type, else the kind of the type. */
  function branchName(schema: unknown, namespace: string): string {
    if (typeof schema === 'object' && schema !== null) {
      const { type } = schema as Schema
      if (typeof type === 'object' || !hasForm(type)) return branchName(type, namespace)
      return UNNAMED.has(type) || type === 'array' || type === 'map' ? type : nameOf(schema as Schema, namespace).name
    }
    const name = fullName(String(schema), namespace)
    return UNNAMED.has(schema) || !named.has(name) ? String(schema) : name
  }

  function register(name: string, node: AvroNode): AvroNode {
    named.set(name, node)
    return node
  }

  for (const reference of references) read(reference, '')
  return read(schema, '')
}

/** Whether a type is defined here, and not referred to by its name. */
function hasForm(type: unknown): type is string {
  return UNNAMED.has(type) || ['array', 'map', 'enum', 'fixed', 'record', 'error'].includes(type as string)
}

function nameOf(schema: Schema, outer: string): { readonly name: string; readonly namespace: string } {
  const own = typeof schema['namespace'] === 'string' ? schema['namespace'] : outer
  const name = fullName(String(schema['name']), own)
  return { name, namespace: name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '' }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

type JsonKind = 'null' | 'boolean' | 'number' | 'string' | 'non-finite' | 'array' | 'object'

const NON_FINITE: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity'])
const KINDS: Readonly<Record<AvroNode['kind'], readonly JsonKind[]>> = {
  null: ['null'],
  boolean: ['boolean'],
  int: ['number'],
  long: ['number'],
  float: ['number', 'non-finite'],
  double: ['number', 'non-finite'],
  string: ['string', 'non-finite'],
  enum: ['string', 'non-finite'],
  bytes: ['object'],
  fixed: ['object'],
  array: ['array'],
  map: ['object'],
  record: ['object'],
  union: [],
}

/**
 * The branch of a union for a value without a branch name: the only branch that its JSON fits. Undefined if the JSON needs
 * the name of its branch, and if it looks like JSON that has one. The answer is the same for a value and for its JSON.
 */
export function branchOf(value: unknown, branches: ReadonlyMap<string, AvroNode>): string | undefined {
  const kind = kindOf(value)
  if (kind === 'object') {
    const names = value instanceof Uint8Array ? ['base64'] : Object.keys(value as object)
    if (names.length === 1 && branches.has(names[0] ?? '')) return undefined
  }
  const fitting = [...branches].filter(([, node]) => fits(kind, node)).map(([name]) => name)
  return fitting.length === 1 ? fitting[0] : undefined
}

function fits(kind: JsonKind, node: AvroNode): boolean {
  return KINDS[node.kind].includes(kind) || (kind === 'string' && 'isText' in node && node.isText)
}

function kindOf(value: unknown): JsonKind {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'string') return NON_FINITE.has(value) ? 'non-finite' : 'string'
  if (typeof value === 'number') return Number.isFinite(value) ? 'number' : 'non-finite'
  if (typeof value === 'bigint') return 'number'
  return typeof value === 'boolean' ? 'boolean' : 'object'
}
