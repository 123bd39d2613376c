import type { SnapstreamError } from '@snapstream/core'
import { codecError, show } from '../codec-error.ts'
import { memoize } from './memoize.ts'
import { checkRegistryOptions, type SchemaRegistryOptions } from './registry-options.ts'
import { registryRequests } from './requests.ts'

/** The type of a registered schema. */
export type SchemaType = 'AVRO' | 'JSON' | 'PROTOBUF'

/** A reference from one schema to another. */
export interface SchemaReference {
  /** The name in the referring schema: the full name of a type in Avro, the value of `$ref` in JSON. */
  readonly name: string
  /** The subject under which the other schema is registered. */
  readonly subject: string
  /** Its version within the subject, from 1. */
  readonly version: number
}

/** A schema of the registry. */
export interface RegisteredSchema {
  /** The id in the wire format, unique in the registry. */
  readonly id: number
  /** `'AVRO'` if the registry names no type. */
  readonly type: SchemaType
  /** The schema as text. */
  readonly schema: string
  /** The schemas that it refers to. */
  readonly references: readonly SchemaReference[]
}

/** A version of a subject. */
export interface SubjectVersion extends RegisteredSchema {
  /** The name of the subject. */
  readonly subject: string
  /** From 1. */
  readonly version: number
}

/** A schema to register or to look up. */
export interface NewSchema {
  /** As text, or as an object that is turned into JSON. */
  readonly schema: string | object
  /** @default 'AVRO' */
  readonly type?: SchemaType | undefined
  /** The registered schemas that it refers to. @default [] */
  readonly references?: readonly SchemaReference[] | undefined
}

/** The requests of a registry client. Rejections are those of `SchemaRegistry`. */
export interface RegistryClient {
  /** Fetches the schema with this id, once. */
  schemaById(id: number): Promise<RegisteredSchema>
  /** Fetches a version of a subject, once; the latest version each time. */
  version(subject: string, version: number | 'latest'): Promise<SubjectVersion>
  /** Fetches the version numbers of a subject. */
  versions(subject: string): Promise<readonly number[]>
  /** Fetches the names of all subjects. */
  subjects(): Promise<readonly string[]>
  /** Registers a schema unless it is registered already. Returns its id. */
  register(subject: string, schema: NewSchema): Promise<number>
  /** Returns the id of a schema that is registered under this subject. Rejects with `SCHEMA_MISSING` if it is not. */
  idOf(subject: string, schema: NewSchema): Promise<number>
  /** Fetches the schemas behind references, recursively, in an order in which each comes after those that it refers to. */
  resolve(references: readonly SchemaReference[]): Promise<readonly ResolvedReference[]>
}

/** A schema that another one refers to. */
export interface ResolvedReference {
  /** The name in the referring schema. */
  readonly name: string
  /** The schema as text. */
  readonly schema: string
}

const MAX_REFERENCES = 256
const MAX_REFERENCE_DEPTH = 32
/** In characters. Confluent's registry takes 1 MB at most. */
const MAX_SCHEMA_LENGTH = 1024 * 1024
/** The most characters of all schemas that one refers to. */
const MAX_REFERENCED_LENGTH = 4 * MAX_SCHEMA_LENGTH
const FAILURE_TTL_MS = 1000

interface SchemaAnswer {
  readonly id?: unknown
  readonly version?: unknown
  readonly schema?: unknown
  readonly schemaType?: unknown
  readonly references?: unknown
}

export function makeRegistryClient(options: SchemaRegistryOptions): RegistryClient {
  checkRegistryOptions(options)
  const { maxReferences = MAX_REFERENCES, failureTtlMs = FAILURE_TTL_MS } = options
  const request = registryRequests(options)
  // encodeURIComponent throws for a lone surrogate.
  const part = (name: string) => encodeURIComponent(name.toWellFormed())

  async function ask(method: 'GET' | 'POST', path: string, what: string, body?: object): Promise<SchemaAnswer> {
    const answer = await request<SchemaAnswer | null>(method, path, what, body)
    if (typeof answer !== 'object' || answer === null) throw notASchema(what)
    return answer
  }

  async function list<T>(path: string, what: string, isItem: (item: unknown) => item is T): Promise<readonly T[]> {
    const answer = await request<unknown>('GET', path, what)
    if (!Array.isArray(answer) || !answer.every(isItem)) throw notASchema(what)
    return answer
  }

  const byId = memoize(async (id: number) => {
    const what = `the schema with the id ${id}`
    return toSchema(await ask('GET', `/schemas/ids/${id}`, what), id, what)
  }, failureTtlMs)

  async function getVersion(subject: string, version: number | 'latest'): Promise<SubjectVersion> {
    const what = `version ${version} of the subject ${show(subject)}`
    const answer = await ask('GET', `/subjects/${part(subject)}/versions/${version}`, what)
    if (!isId(answer.id) || !isWhole(answer.version)) throw notASchema(what)
    return { ...toSchema(answer, answer.id, what), subject, version: answer.version }
  }
  const byVersion = memoize((place: string) => {
    const [version = '', ...subject] = place.split(' ')
    return getVersion(subject.join(' '), Number(version))
  }, failureTtlMs)

  async function post(path: string, { schema, type = 'AVRO', references = [] }: NewSchema, what: string) {
    const text = typeof schema === 'string' ? schema : JSON.stringify(schema)
    // Registries from before other types than Avro refuse a type.
    const body = {
      schema: text,
      ...(type !== 'AVRO' && { schemaType: type }),
      ...(references.length > 0 && { references }),
    }
    const { id } = await ask('POST', path, what, body)
    if (!isId(id)) throw notASchema(what)
    return id
  }

  async function resolve(references: readonly SchemaReference[]): Promise<readonly ResolvedReference[]> {
    const found = new Map<string, ResolvedReference>()
    let length = 0
    const unusable = (why: string) => codecError('SCHEMA_UNUSABLE', why)
    async function visit(list: readonly SchemaReference[], above: readonly string[]): Promise<void> {
      for (const { name, subject, version } of list) {
        const place = `${version} ${subject}`
        if (found.has(`${name} ${place}`)) continue
        if (above.includes(place)) throw unusable(`version ${version} of ${show(subject)} refers to itself`)
        if (above.length >= MAX_REFERENCE_DEPTH)
          throw unusable(`version ${version} of ${show(subject)} is more than ${MAX_REFERENCE_DEPTH} references deep`)
        const schema = await byVersion(place)
        await visit(schema.references, [...above, place])
        found.set(`${name} ${place}`, { name, schema: schema.schema })
        length += schema.schema.length
        if (found.size > maxReferences)
          throw unusable(`a schema refers to more than ${maxReferences} others, the limit by maxReferences`)
        if (length > MAX_REFERENCED_LENGTH)
          throw unusable(`the schemas that a schema refers to have more than ${MAX_REFERENCED_LENGTH} characters`)
      }
    }
    await visit(references, [])
    return [...found.values()]
  }

  return {
    schemaById: byId,
    version: (subject, version) =>
      version === 'latest' ? getVersion(subject, version) : byVersion(`${version} ${subject}`),
    versions: (subject) =>
      list(`/subjects/${part(subject)}/versions`, `the versions of the subject ${show(subject)}`, isWhole),
    subjects: () => list('/subjects', 'the subjects', isText),
    register: (subject, schema) =>
      post(`/subjects/${part(subject)}/versions`, schema, `the schema for the subject ${show(subject)}`),
    idOf: (subject, schema) =>
      post(`/subjects/${part(subject)}`, schema, `the schema among those of the subject ${show(subject)}`),
    resolve,
  }
}

function toSchema({ schema, schemaType, references }: SchemaAnswer, id: number, what: string): RegisteredSchema {
  if (!isText(schema) || (schemaType != null && !isText(schemaType))) throw notASchema(what)
  if (references != null && !(Array.isArray(references) && references.every(isReference))) throw notASchema(what)
  if (schema.length > MAX_SCHEMA_LENGTH)
    throw codecError('SCHEMA_UNUSABLE', `${what} has ${schema.length} characters, more than ${MAX_SCHEMA_LENGTH}`)
  return {
    id,
    type: (schemaType ?? 'AVRO') as SchemaType,
    schema,
    references: references ?? [],
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value)
/** An id has to fit the four bytes of the wire format. */
const isId = (value: unknown): value is number => isWhole(value) && value >= 0 && value < 2 ** 32

function isReference(value: unknown): value is SchemaReference {
  if (typeof value !== 'object' || value === null) return false
  const { name, subject, version } = value as Readonly<Record<string, unknown>>
  return isText(name) && isText(subject) && isWhole(version)
}

function notASchema(what: string): SnapstreamError {
  return codecError(
    'REGISTRY_FAILED',
    `the schema registry was asked for ${what} and returned an unexpected answer; is this the address of a registry?`,
  )
}
