import { toError } from '@snapstream/core'
import { cut } from '../codec-error.ts'
import { leastBytesOf, type ArrayParts, type AvroType, type EnumParts, type MapParts, type Read } from './avsc.ts'
import { readEntries, readItems } from './containers.ts'
import { logicalOf, underlyingOf } from './logical-type.ts'
import { resolvedRecord, StrictRecord } from './record.ts'
import { readBranch, type UnionType } from './union.ts'

/** The most pairs of types that are compared. */
const MAX_PAIRS = 100_000

/** By reader and writer, the function that reads one as the other; undefined while it is being made. */
type Pairs = Map<AvroType, Map<AvroType, { read: Read | undefined }>>

interface Resolving {
  readonly pairs: Pairs
  /** The pairs of records in the order in which they were begun. */
  readonly begun: (readonly [reader: AvroType, writer: AvroType])[]
  count: number
}

/**
 * Schema resolution: a function that reads values of the writer's type as the reader's type, by Avro's rules. Named types
 * match by the part of the name behind the last dot, or by an alias. Throws if the types do not match. A branch or symbol of
 * the writer that the reader does not have fails when a value with it is read.
 */
export function resolve(reader: AvroType, writer: AvroType): Read {
  return readAs(reader, writer, { pairs: new Map(), begun: [], count: 0 })
}

function readAs(reader: AvroType, writer: AvroType, state: Resolving): Read {
  if (++state.count > MAX_PAIRS) throw new Error('the two schemas have too many types to be compared')
  if (isUnion(writer)) return readUnionAs(reader, writer, state)
  if (isUnion(reader)) return readAsUnion(reader, writer, state)
  const logical = logicalOf(reader)
  if (logical) return readAsLogical(reader, writer, state)
  return readPlain(reader, underlyingOf(writer), state)
}

function readUnionAs(reader: AvroType, writer: UnionType, state: Resolving): Read {
  let problem: unknown
  const reads = writer.types.map((type): Read | undefined => {
    try {
      return attempt(state, () => readAs(reader, type, state))
    } catch (error) {
      problem ??= error
      return undefined
    }
  })
  if (reads.every((read) => read === undefined)) throw problem
  return (tap) => {
    const read = reads[readBranch(tap, writer.types)]
    if (read === undefined) throw new Error(`the writer's branch cannot be read: ${toError(problem).message}`)
    return read(tap)
  }
}

/** Takes the branch that is most similar to the writer's type; the first of several. */
function readAsUnion(reader: UnionType, writer: AvroType, state: Resolving): Read {
  const ranked = reader.types
    .map((type, index) => ({ type, index, rank: likeness(type, writer) }))
    .toSorted((a, b) => a.rank - b.rank)
  for (const { type, index } of ranked) {
    try {
      const read = attempt(state, () => readAs(type, writer, state))
      return (tap) => reader._toUnion(index, read(tap))
    } catch {
      // The next branch may match.
    }
  }
  throw cannotRead(reader, writer)
}

function likeness(reader: AvroType, writer: AvroType): number {
  const [below, written] = [underlyingOf(reader), underlyingOf(writer)]
  if (kindOf(below) !== kindOf(written)) return 3
  if (below.name !== written.name) return 2
  return logicalOf(reader)?.name === logicalOf(writer)?.name ? 0 : 1
}

function readAsLogical(reader: AvroType, writer: AvroType, state: Resolving): Read {
  const { name, logical } = logicalOf(reader)!
  const written = logicalOf(writer)
  const unitOf = (type: string, { unit }: { readonly unit?: string | undefined }) =>
    `${type}${unit ? ` of ${unit}` : ''}`
  // With another unit of time or another scale the value would change.
  if (written && unitOf(written.name, written.logical) !== unitOf(name, logical))
    throw new Error(`cannot read ${unitOf(written.name, written.logical)} as ${unitOf(name, logical)}`)
  const read = readAs(underlyingOf(reader), underlyingOf(writer), state)
  return (tap) => logical.fromAvro(read(tap) as never)
}

function readPlain(reader: AvroType, writer: AvroType, state: Resolving): Read {
  const written = kindOf(writer)
  const own: Read = (tap) => reader._read(tap)
  const same = written === kindOf(reader)
  switch (kindOf(reader)) {
    case 'null':
    case 'boolean':
    case 'int':
      if (same) return own
      break
    case 'long':
      if (same) return own
      if (written === 'int') return reader.typeName === 'long' ? (tap) => tap.readInt() : (tap) => BigInt(tap.readInt())
      break
    case 'float':
    case 'double':
      if (written === 'float') return (tap) => tap.readFloat()
      if (written === 'int') return (tap) => tap.readInt()
      if (written === 'long') return (tap) => tap.readLong()
      if (same) return own
      break
    case 'string':
    case 'bytes':
      if (written === 'string' || written === 'bytes') return own
      break
    case 'fixed':
      if (same && sizeOf(reader) === sizeOf(writer) && isOfName(reader, writer)) return own
      break
    case 'enum':
      if (same && isOfName(reader, writer))
        return readEnum(reader as AvroType & EnumParts, writer as AvroType & EnumParts)
      break
    case 'array':
      if (same) return readArray(reader as AvroType & ArrayParts, writer as AvroType & ArrayParts, state)
      break
    case 'map':
      if (same) return readMap(reader as AvroType & MapParts, writer as AvroType & MapParts, state)
      break
    case 'record':
      if (reader instanceof StrictRecord && writer instanceof StrictRecord) return readRecord(reader, writer, state)
      break
  }
  throw cannotRead(reader, writer)
}

function readEnum(reader: AvroType & EnumParts, writer: AvroType & EnumParts): Read {
  const known = new Set(reader.symbols)
  const symbols = writer.symbols.map((symbol) => (known.has(symbol) ? symbol : reader.default))
  return (tap) => {
    const index = tap.readLong()
    const symbol = symbols[index]
    if (symbol === undefined)
      throw new Error(`an enum has the symbol ${writer.symbols[index] ?? index}, which the reader's has not`)
    return symbol
  }
}

function readArray(reader: AvroType & ArrayParts, writer: AvroType & ArrayParts, state: Resolving): Read {
  const item = { _read: readAs(reader.itemsType, writer.itemsType, state) }
  const least = leastBytesOf(writer.itemsType)
  return (tap) => readItems(tap, item, least)
}

function readMap(reader: AvroType & MapParts, writer: AvroType & MapParts, state: Resolving): Read {
  const value = { _read: readAs(reader.valuesType, writer.valuesType, state) }
  const least = leastBytesOf(writer.valuesType) + 1
  return (tap) => readEntries(tap, value, least)
}

function readRecord(reader: StrictRecord, writer: StrictRecord, state: Resolving): Read {
  const ofReader = state.pairs.get(reader) ?? new Map<AvroType, { read: Read | undefined }>()
  state.pairs.set(reader, ofReader)
  const known = ofReader.get(writer)
  // The reader of a recursive record is not made yet.
  if (known !== undefined) return known.read ?? ((tap) => known.read!(tap))
  if (!isOfName(reader, writer))
    throw new Error(`cannot read ${writer.name} as ${reader.name}: the names differ, and no alias of the latter fits`)
  const made: { read: Read | undefined } = { read: undefined }
  ofReader.set(writer, made)
  state.begun.push([reader, writer])
  made.read = makeRecordReader(reader, writer, state)
  return made.read
}

function makeRecordReader(reader: StrictRecord, writer: StrictRecord, state: Resolving): Read {
  const targets = new Map<string, { readonly name: string; readonly read: Read }[]>()
  const defaults = new Map<string, () => unknown>()
  const written = new Map(writer._namedFields().map((field) => [field.name, field]))
  for (const { name, aliases, type, defaultValue } of reader._namedFields()) {
    const matches = [...new Set([name, ...aliases])].filter((each) => written.has(each))
    if (matches.length > 1)
      throw new Error(`the field ${name} of ${reader.name} could be any of ${matches.join(', ')} of the writer's`)
    const [match] = matches
    if (match === undefined) {
      if (defaultValue() === undefined)
        throw new Error(`the writer has no field ${reader.name ?? '$'}.${name}, and there is no default for it`)
      defaults.set(name, defaultValue)
    } else {
      const read = readAs(type, written.get(match)!.type, state)
      targets.set(match, [...(targets.get(match) ?? []), { name, read }])
    }
  }
  const fields = writer._namedFields().map(({ name, type }) => ({
    skip: (tap: Parameters<Read>[0]) => type._skip(tap),
    targets: targets.get(name) ?? [],
  }))
  return resolvedRecord(reader, writer, fields, defaults)
}

/** Forgets the records that a failed attempt began: they may depend on it. */
function attempt<T>(state: Resolving, run: () => T): T {
  const start = state.begun.length
  try {
    return run()
  } catch (error) {
    for (const [reader, writer] of state.begun.splice(start)) state.pairs.get(reader)?.delete(writer)
    throw error
  }
}

/** Avro's rule: the names without namespaces are equal, or an alias is. */
function isOfName(reader: AvroType, writer: AvroType): boolean {
  if (reader.name === undefined || writer.name === undefined) return true
  const aliases = reader.aliases ?? []
  return [reader.name, ...aliases].map(unqualified).includes(unqualified(writer.name))
}

const unqualified = (name: string) => name.slice(name.lastIndexOf('.') + 1)

const isUnion = (type: AvroType): type is UnionType => type.typeName.startsWith('union')

const sizeOf = (type: AvroType): number => (type as AvroType & { readonly size: number }).size

/** The Avro type; avsc has other names for some. */
function kindOf(type: AvroType): string {
  const { typeName } = type
  if (typeName === 'abstract:long') return 'long'
  return typeName === 'error' ? 'record' : typeName
}

function cannotRead(reader: AvroType, writer: AvroType): Error {
  return new Error(`cannot read ${cut(writer.toString())} as ${cut(reader.toString())}`)
}
