import { describe } from '@snapstream/core'
import { toJson } from './to-json.ts'
import { showBytes } from './show-bytes.ts'
import type { View } from './view.ts'

/** The fields of these names, in the order of the value. Throws where the value has no fields. */
export function pickColumns(view: View, names: readonly string[]): View {
  if (view.kind === 'none') return view
  const value = valueOf(view)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`it has no columns: expected an object, got ${describe(value)}`)
  const picked = Object.entries(value).filter(([name]) => names.includes(name))
  return { kind: 'value', json: toJson(Object.fromEntries(picked)) }
}

function valueOf(view: Exclude<View, { readonly kind: 'none' }>): unknown {
  if (view.kind === 'bytes') return showBytes(view.bytes)
  if (view.kind === 'value') return JSON.parse(view.json)
  try {
    return JSON.parse(view.text)
  } catch {
    return view.text
  }
}
