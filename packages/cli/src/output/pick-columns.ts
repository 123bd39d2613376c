import { describe } from '@snapstream/core'
import { isJson, rawFields } from './raw-json.ts'
import { showBytes } from './show-bytes.ts'
import type { View } from './view.ts'

/** The fields with these names, in the order and the text of the value. Throws if the value is no object. */
export function pickColumns(view: View, names: readonly string[]): View {
  if (view.kind === 'none') return view
  const json = view.kind === 'value' ? view.json : view.kind === 'text' && isJson(view.text) ? view.text : undefined
  const fields = json === undefined ? undefined : rawFields(json)
  if (fields === undefined)
    throw new Error(`it has no columns: expected an object, got ${describe(valueOf(view, json))}`)
  const picked = fields
    .filter(({ name }) => names.includes(name))
    .map(({ name, json: value }) => `${JSON.stringify(name)}:${value}`)
  return { kind: 'value', json: `{${picked.join(',')}}` }
}

function valueOf(view: Exclude<View, { readonly kind: 'none' }>, json: string | undefined): unknown {
  if (json !== undefined) return JSON.parse(json)
  return view.kind === 'bytes' ? showBytes(view.bytes) : view.kind === 'text' ? view.text : undefined
}
