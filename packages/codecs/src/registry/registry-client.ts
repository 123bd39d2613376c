import { SnapstreamError, describe } from '@snapstream/core'
import { checkRegistryOptions } from './check-registry-options.ts'
import { remembered } from './remembered.ts'
import type { SchemaRegistryOptions } from './registry-options.ts'
import { registryRequests } from './registry-requests.ts'

export type SchemaType = 'AVRO' | 'JSON' | 'PROTOBUF'

/** A schema that another uses, and by which name. */
export interface SchemaReference {
  /** What the schema calls it: the full name of a type in Avro, what `$ref` says in JSON. */
  readonly name: string
  readonly subject: string
  readonly version: number
}

export interface RegisteredSchema {
  readonly id: number
  readonly type: SchemaType
  /** The schema as text. */
  readonly schema: string
  readonly references: readonly SchemaReference[]
}

export interface SubjectVersion extends RegisteredSchema {
  readonly subject: string
  readonly version: number
}

export interface NewSchema {
  readonly schema: string | object
  /** @default 'AVRO' */
  readonly type?: SchemaType | undefined
  /** @default [] */
  readonly references?: readonly SchemaReference[] | undefined
}

/** What a registry can be asked for. */
export interface RegistryClient {
  /** The schema with this id. Requested once. */
  schemaById(id: number): Promise<RegisteredSchema>
  /** A version of a subject, which is requested once; or its latest, which is asked for each time. */
  version(subject: string, version: number | 'latest'): Promise<SubjectVersion>
  /** The numbers of its versions. */
  versions(subject: string): Promise<readonly number[]>
  subjects(): Promise<readonly string[]>
  /** Registers a schema, unless it is there already; its id either way. */
  register(subject: string, schema: NewSchema): Promise<number>
  /** The id of a schema that is registered under this subject. */
  idOf(subject: string, schema: NewSchema): Promise<number>
  /** The schemas that another refers to, those they refer to included: each comes after those it uses. */
  resolve(references: readonly SchemaReference[]): Promise<readonly ResolvedReference[]>
}

export interface ResolvedReference {
  readonly name: string
  readonly schema: string
}

interface SchemaAnswer {
  readonly id?: number
  readonly version?: number
  readonly schema?: string
  readonly schemaType?: SchemaType
  readonly references?: readonly SchemaReference[] | null
}

export function makeRegistryClient(options: SchemaRegistryOptions): RegistryClient {
  checkRegistryOptions(options)
  const request = registryRequests(options)
  const part = encodeURIComponent

  const byId = remembered(async (id: number) => {
    const what = `the schema with the id ${id}`
    return toSchema(await request<SchemaAnswer>('GET', `/schemas/ids/${id}`, what), id, what)
  })

  async function getVersion(subject: string, version: number | 'latest'): Promise<SubjectVersion> {
    const what = `version ${version} of the subject ${describe(subject)}`
    const answer = await request<SchemaAnswer>('GET', `/subjects/${part(subject)}/versions/${version}`, what)
    if (!Number.isSafeInteger(answer.id) || !Number.isSafeInteger(answer.version)) throw notASchema(what)
    return { ...toSchema(answer, answer.id!, what), subject, version: answer.version! }
  }
  const byVersion = remembered((place: string) => {
    const [version = '', ...subject] = place.split(' ')
    return getVersion(subject.join(' '), Number(version))
  })

  async function post(path: string, { schema, type = 'AVRO', references = [] }: NewSchema, what: string) {
    const text = typeof schema === 'string' ? schema : JSON.stringify(schema)
    // A registry of before there were other types than Avro knows no type.
    const body = {
      schema: text,
      ...(type !== 'AVRO' && { schemaType: type }),
      ...(references.length > 0 && { references }),
    }
    const { id } = await request<SchemaAnswer>('POST', path, what, body)
    if (!Number.isSafeInteger(id)) throw notASchema(what)
    return id!
  }

  async function resolve(references: readonly SchemaReference[]): Promise<readonly ResolvedReference[]> {
    const found = new Map<string, ResolvedReference>()
    async function visit(list: readonly SchemaReference[], above: readonly string[]): Promise<void> {
      for (const { name, subject, version } of list) {
        const place = `${version} ${subject}`
        if (found.has(`${name} ${place}`)) continue
        if (above.includes(place))
          throw new SnapstreamError('SCHEMA_REFUSED', `version ${version} of ${describe(subject)} refers to itself`)
        const schema = await byVersion.get(place)
        await visit(schema.references, [...above, place])
        found.set(`${name} ${place}`, { name, schema: schema.schema })
      }
    }
    await visit(references, [])
    return [...found.values()]
  }

  return {
    schemaById: (id) => byId.get(id),
    version: (subject, version) =>
      version === 'latest' ? getVersion(subject, version) : byVersion.get(`${version} ${subject}`),
    versions: (subject) =>
      request('GET', `/subjects/${part(subject)}/versions`, `the versions of the subject ${describe(subject)}`),
    subjects: () => request('GET', '/subjects', 'the subjects'),
    register: (subject, schema) =>
      post(`/subjects/${part(subject)}/versions`, schema, `the schema for the subject ${describe(subject)}`),
    idOf: (subject, schema) =>
      post(`/subjects/${part(subject)}`, schema, `the schema among those of the subject ${describe(subject)}`),
    resolve,
  }
}

function toSchema({ schema, schemaType, references }: SchemaAnswer, id: number, what: string): RegisteredSchema {
  if (typeof schema !== 'string') throw notASchema(what)
  return { id, type: schemaType ?? 'AVRO', schema, references: references ?? [] }
}

function notASchema(what: string): SnapstreamError {
  return new SnapstreamError(
    'REGISTRY_FAILED',
    `the schema registry was asked for ${what} and answered with something else; is this the address of one?`,
  )
}
