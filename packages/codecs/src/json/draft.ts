import { Ajv, type Options } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvDraft04 from 'ajv-draft-04'
import { codecError, show } from '../codec-error.ts'
import { addUniqueItems } from './unique-items.ts'

const DRAFTS = ['2020-12', '2019-09', 'draft-07', 'draft-06', 'draft-04'] as const

export type Draft = (typeof DRAFTS)[number]

/** What draft-07 added. Where draft-06 has one of them it means nothing. */
const SINCE_DRAFT_07 = ['if', 'then', 'else', 'contentEncoding', 'contentMediaType']
/** What stands below is a value, and no schema. */
const VALUES: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'example', 'examples'])

// Made for `import` and for `require`, and seen by TypeScript as the latter.
const Ajv04 = ((ajvDraft04 as unknown as { readonly default?: unknown }).default ?? ajvDraft04) as typeof Ajv

/**
 * The draft by which a schema counts: what its `$schema` says, by whichever scheme; without, the latest, unless it has what
 * only an older one has. Throws `USAGE` for one that is not known.
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
      pending.push(...(node as unknown[]))
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

export function ajvOf(draft: Draft, options: Options): Ajv {
  if (draft === '2020-12') return new Ajv2020(options)
  if (draft === '2019-09') return new Ajv2019(options)
  if (draft === 'draft-04') return new Ajv04(options)
  const ajv = new Ajv(options)
  if (draft === 'draft-06') for (const keyword of SINCE_DRAFT_07) ajv.removeKeyword(keyword)
  return ajv
}

const metas = new Map<Draft, Ajv>()

/** Throws for what is no schema of the draft. What knows that is made once a draft, as it takes some 50 ms. */
export function checkSchema(schema: object | boolean, draft: Draft): void {
  let meta = metas.get(draft)
  if (meta === undefined) {
    meta = ajvOf(draft, { strict: false, logger: false })
    addUniqueItems(meta)
    metas.set(draft, meta)
  }
  if (meta.validateSchema(schema) !== true) throw new Error(`schema is invalid: ${meta.errorsText(meta.errors)}`)
}
