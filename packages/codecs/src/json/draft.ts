import { Ajv, type Options } from 'ajv'
import ajvDraft04 from 'ajv-draft-04'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { codecError, show } from '../codec-error.ts'

const DRAFTS = ['2020-12', '2019-09', 'draft-07', 'draft-06', 'draft-04'] as const

export type Draft = (typeof DRAFTS)[number]

/** Keywords that draft-07 added: in draft-06 they are ignored. */
const SINCE_DRAFT_07 = ['if', 'then', 'else', 'contentEncoding', 'contentMediaType']
/** Keywords whose value is no schema. */
const VALUES: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'example', 'examples'])

// The package has the class as `default` by import, and as itself by require; its types know the latter.
const Ajv04 = ((ajvDraft04 as unknown as { readonly default?: unknown }).default ?? ajvDraft04) as typeof Ajv

/**
 * The draft of a schema: that of its `$schema` (http or https); without it the latest, unless the schema has a keyword of
 * an older draft. Throws `USAGE` for an unknown draft.
 */
export function draftOf(schema: object | boolean): Draft {
  const said = typeof schema === 'object' && '$schema' in schema ? schema.$schema : undefined
  if (said === undefined || (typeof said === 'string' && /^https?:\/\/json-schema\.org\/schema#?$/.test(said)))
    return draftByContent(schema)
  const draft = typeof said === 'string' ? DRAFTS.find((each) => said.includes(each)) : undefined
  if (draft !== undefined) return draft
  throw codecError(
    'USAGE',
    `JsonCodec cannot use this schema: its $schema is ${show(said)}; it has to be a JSON Schema of draft ${DRAFTS.join(', ')}`,
  )
}

function draftByContent(schema: unknown): Draft {
  let draft: Draft = '2020-12'
  const pending: unknown[] = [schema]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (typeof node !== 'object' || node === null) continue
    if (Array.isArray(node)) {
      // One by one: a list may be longer than a call takes arguments.
      for (const item of node as unknown[]) pending.push(item)
      continue
    }
    for (const [name, value] of Object.entries(node)) {
      if (/^exclusiveM(in|ax)imum$/.test(name) && typeof value === 'boolean') return 'draft-04'
      if (name === 'items' && Array.isArray(value)) draft = 'draft-07'
      if (!VALUES.has(name)) pending.push(value)
    }
  }
  return draft
}

/** An instance of ajv for a draft. */
export function ajvOf(draft: Draft, options: Options): Ajv {
  const ajv = newAjv(draft, options)
  replaceUniqueItems(ajv)
  return ajv
}

function newAjv(draft: Draft, options: Options): Ajv {
  if (draft === '2020-12') return new Ajv2020(options)
  if (draft === '2019-09') return new Ajv2019(options)
  if (draft === 'draft-04') return new Ajv04(options)
  const ajv = new Ajv(options)
  if (draft === 'draft-06') for (const keyword of SINCE_DRAFT_07) ajv.removeKeyword(keyword)
  return ajv
}

const metas = new Map<Draft, Ajv>()

/** Throws for an invalid schema of the draft. The validator is made once for each draft, which takes about 50 ms. */
export function checkSchema(schema: object | boolean, draft: Draft): void {
  let meta = metas.get(draft)
  if (meta === undefined) {
    meta = ajvOf(draft, { strict: false, logger: false })
    metas.set(draft, meta)
  }
  if (meta.validateSchema(schema) !== true) throw new Error(`schema is invalid: ${meta.errorsText(meta.errors)}`)
}

/** Ajv's own `uniqueItems` compares each item with each other, which takes minutes for 100,000 objects. */
function replaceUniqueItems(ajv: Ajv): void {
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must NOT have duplicate items' },
    validate: (wanted: boolean, items: readonly unknown[]) =>
      !wanted || new Set(items.map(canonical)).size === items.length,
  })
}

/** The same for values that are equal by JSON Schema, and different for all others. */
function canonical(value: unknown): unknown {
  // The quote tells a string from the text of an object.
  if (typeof value === 'string') return `"${value}`
  if (typeof value !== 'object' || value === null) return value
  return JSON.stringify(sorted(value))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  // A list keeps the order of the fields; an object would put numeric names first.
  return { fields: fields.map(([name, field]) => [name, sorted(field)]) }
}
