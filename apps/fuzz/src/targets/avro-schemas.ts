import { random } from '@snapstream/program'

/** A writer's schema, a reader's schema, and values of the writer (with wrapped unions, and longs as bigints). */
export interface SchemaPair {
  readonly writer: object
  readonly reader: object
  readonly values: readonly unknown[]
}

interface Made {
  readonly schema: unknown
  /** The name of the branch in a wrapped union. */
  readonly name: string
  value(): unknown
}

const MOST_DEPTH = 3
const VALUES = 4

/** Generates a pair. The same number gives the same pair. */
export function schemaPair(number: number): SchemaPair {
  const chance = random(number + 1)
  const below = (count: number) => Math.floor(chance() * count)
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T
  let names = 0
  const newName = (kind: string) => `ns.${kind}${names++}`
  const text = () => pick(['', 'a', 'zwei 🏆', 'x'.repeat(below(60)), '\u0000', 'a.b'])

  const scalars: readonly (() => Made)[] = [
    () => ({ schema: 'null', name: 'null', value: () => null }),
    () => ({ schema: 'boolean', name: 'boolean', value: () => below(2) === 1 }),
    () => ({ schema: 'int', name: 'int', value: () => pick([0, -1, 2 ** 31 - 1, -(2 ** 31), below(1000)]) }),
    () => ({
      schema: 'long',
      name: 'long',
      value: () => pick([0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), BigInt(below(1e9))]),
    }),
    () => ({ schema: 'float', name: 'float', value: () => pick([0, 0.5, -1.5, Infinity]) }),
    () => ({ schema: 'double', name: 'double', value: () => pick([0, 0.1, Number.NaN, -Infinity, chance()]) }),
    () => ({ schema: 'bytes', name: 'bytes', value: () => Buffer.from(text()) }),
    () => ({ schema: 'string', name: 'string', value: text }),
    () => ({
      schema: { type: 'int', logicalType: 'date' },
      name: 'int',
      value: () => new Date(86_400_000 * below(20_000)),
    }),
    () => ({
      schema: { type: 'long', logicalType: 'timestamp-millis' },
      name: 'long',
      value: () => new Date(below(1e9)),
    }),
    () => ({
      schema: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
      name: 'bytes',
      value: () => `${below(2) === 1 ? '-' : ''}${1 + below(1_000_000)}.25`,
    }),
    () => ({
      schema: { type: 'string', logicalType: 'uuid' },
      name: 'string',
      value: () => '123e4567-e89b-12d3-a456-426614174000',
    }),
  ]

  function make(depth: number): Made {
    const kind = depth >= MOST_DEPTH ? 0 : below(10)
    if (kind === 5) return array(make(depth + 1))
    if (kind === 6) return map(make(depth + 1))
    if (kind === 7) return union(depth)
    if (kind === 8) return record(depth)
    if (kind === 9) return pick([enumeration, fixed, list, emptyRecord])()
    return pick(scalars)()
  }
  const many = (value: () => unknown) => Array.from({ length: below(4) }, value)
  const array = (of: Made): Made => ({
    schema: { type: 'array', items: of.schema },
    name: 'array',
    value: () => many(() => of.value()),
  })
  const map = (of: Made): Made => ({
    schema: { type: 'map', values: of.schema },
    name: 'map',
    value: () =>
      Object.fromEntries(
        many(() => [pick(['a', 'b', 'ä', 'constructor', 'x'.repeat(40)]), of.value()]) as [string, unknown][],
      ),
  })
  function union(depth: number): Made {
    const branches = new Map<string, Made>()
    for (let i = 0; i < 2 + below(3); i++) {
      const branch = make(depth + 1)
      if (branch.name !== 'union') branches.set(branch.name, branch)
    }
    const all = [...branches.values()]
    if (all.length === 0) all.push(scalars[0]!())
    const value = () => {
      const branch = pick(all)
      return branch.name === 'null' ? null : { [branch.name]: branch.value() }
    }
    return { schema: all.map(({ schema }) => schema), name: 'union', value }
  }
  function record(depth: number): Made {
    const name = newName('Record')
    const fields = Array.from({ length: 1 + below(4) }, (_, i) => ({
      name: pick([`f${i}`, `f${i}`, '__proto__']),
      made: make(depth + 1),
    }))
    const own = fields.filter((field, i) => fields.findIndex((other) => other.name === field.name) === i)
    const value = () => {
      const made = {}
      for (const field of own)
        Object.defineProperty(made, field.name, {
          value: field.made.value(),
          enumerable: true,
          configurable: true,
          writable: true,
        })
      return made
    }
    return {
      schema: { type: 'record', name, fields: own.map((field) => ({ name: field.name, type: field.made.schema })) },
      name,
      value,
    }
  }
  /** A recursive record. */
  function list(): Made {
    const name = newName('List')
    const value = (): unknown => ({ next: below(3) > 0 ? null : { [name]: value() }, all: [] })
    const fields = [
      { name: 'next', type: ['null', name] },
      { name: 'all', type: { type: 'array', items: name } },
    ]
    return { schema: { type: 'record', name, fields }, name, value }
  }
  function enumeration(): Made {
    const name = newName('Enum')
    return { schema: { type: 'enum', name, symbols: ['A', 'B', 'C'] }, name, value: () => pick(['A', 'B', 'C']) }
  }
  function fixed(): Made {
    const name = newName('Fixed')
    const size = below(5)
    return { schema: { type: 'fixed', name, size }, name, value: () => Buffer.alloc(size, 7) }
  }
  function emptyRecord(): Made {
    const name = newName('Empty')
    return { schema: { type: 'record', name, fields: [] }, name, value: () => ({}) }
  }

  /** A later version of a schema: fields removed, added and reordered, types widened. */
  function evolve(schema: unknown): unknown {
    if (schema === 'int') return pick(['int', 'long', 'double', ['null', 'int']])
    if (schema === 'long') return pick(['long', 'double', ['string', 'long']])
    if (schema === 'string') return pick(['string', 'string', 'bytes', ['null', 'string']])
    if (Array.isArray(schema)) return schema.flatMap((branch) => (below(3) === 0 ? evolve(branch) : branch) as unknown)
    if (typeof schema !== 'object' || schema === null) return schema
    const { fields, items, values } = schema as Readonly<Record<string, unknown>>
    if (items !== undefined) return { ...schema, items: evolve(items) }
    if (values !== undefined) return { ...schema, values: evolve(values) }
    if (!Array.isArray(fields)) return schema
    const kept = (fields as readonly { readonly name: string; readonly type: unknown }[])
      .filter(() => below(3) > 0)
      .map((field) => ({ ...field, type: evolve(field.type) }))
    const added = { name: 'added', type: ['null', 'string'], default: '' }
    return { ...schema, fields: below(2) === 0 ? kept.toReversed() : [added, ...kept] }
  }

  const fields = [make(0), make(0), make(0)]
  const schema = {
    type: 'record',
    name: 'ns.Top',
    fields: fields.map(({ schema }, i) => ({ name: `t${i}`, type: schema })),
  }
  const values = Array.from({ length: VALUES }, () =>
    Object.fromEntries(fields.map((field, i) => [`t${i}`, field.value()])),
  )
  return { writer: schema, reader: evolve(schema) as object, values }
}
