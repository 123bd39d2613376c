import { toError } from '@snapstream/core'
import type { CacheKey } from '@snapstream/cache'
import { pickColumns } from '../output/pick-columns.ts'
import { textOf } from '../output/show-bytes.ts'
import type { View } from '../output/view.ts'

/** An entry as far as it could be read. */
export interface EntryView {
  readonly key: View
  readonly value: View
  /** Why the value is shown whole. */
  readonly error: string | undefined
}

export function entryView(key: CacheKey, value: Uint8Array): EntryView {
  return { key: keyView(key), value: valueView(value), error: undefined }
}

export function withColumns(view: EntryView, columns: readonly string[] | undefined): EntryView {
  if (columns === undefined) return view
  try {
    return { ...view, value: pickColumns(view.value, columns) }
  } catch (thrown) {
    return { ...view, error: toError(thrown).message }
  }
}

function keyView(key: CacheKey): View {
  if (typeof key === 'string') return { kind: 'text', text: key }
  if (typeof key === 'object') return { kind: 'bytes', bytes: key }
  // JSON has no infinity.
  return Number.isFinite(Number(key)) ? { kind: 'value', json: String(key) } : { kind: 'text', text: String(key) }
}

/** JSON as it stands, as it is what caches hold by default; else text, else bytes. */
function valueView(bytes: Uint8Array): View {
  const text = textOf(bytes)
  if (text === undefined) return { kind: 'bytes', bytes }
  try {
    JSON.parse(text)
    return { kind: 'value', json: text }
  } catch {
    return { kind: 'text', text }
  }
}
