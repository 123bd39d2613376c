import type { CacheKey } from '@snapstream/cache'
import { toError } from '@snapstream/core'
import { pickColumns } from '../output/pick-columns.ts'
import { labelled } from '../output/printer.ts'
import type { Piece } from '../output/printer.ts'
import { textOf } from '../output/show-bytes.ts'
import { viewField, viewText } from '../output/view.ts'
import type { View } from '../output/view.ts'

/** A key and its value, decoded as far as possible. */
export interface EntryView {
  /** The part of a store that has it. */
  readonly part?: number
  readonly key: View
  readonly value: View
  /** Why the value is shown as it is stored, and not as the options ask. */
  readonly error: string | undefined
}

export function entryView(key: CacheKey, value: Uint8Array): EntryView {
  return { key: keyView(key), value: valueView(value), error: undefined }
}

/** The same with some fields of its value only. */
export function withColumns(view: EntryView, columns: readonly string[] | undefined): EntryView {
  if (columns === undefined) return view
  try {
    return { ...view, value: pickColumns(view.value, columns) }
  } catch (thrown) {
    return { ...view, error: toError(thrown).message }
  }
}

/** An entry for people, in the format of the Python package's tool. */
export function entryText({ part, key, value, error }: EntryView): readonly Piece[] {
  return [
    '\n',
    ...(part === undefined ? [] : labelled('part', String(part))),
    ...labelled('key', viewText(key, '')),
    ...(error === undefined ? [] : labelled('error', error, 'red')),
    `${valueText(value)}\n`,
  ]
}

/** An entry as one line of JSON. */
export function entryJson({ part, key, value, error }: EntryView): string {
  const of = part === undefined ? '' : `"part":${part},`
  const failed = error === undefined ? '' : `,"error":${JSON.stringify(error)}`
  return `{${of}${viewField('key', key)},${viewField('value', value)}${failed}}\n`
}

/** A text of JSON is shown without its quotes, as Python prints it. */
function valueText(value: View): string {
  if (value.kind !== 'value' || !value.json.startsWith('"')) return viewText(value, '')
  return JSON.parse(value.json) as string
}

function keyView(key: CacheKey): View {
  if (typeof key === 'string') return { kind: 'text', text: key }
  if (typeof key === 'object') return { kind: 'bytes', bytes: key }
  // JSON has no infinity.
  return Number.isFinite(Number(key)) ? { kind: 'value', json: String(key) } : { kind: 'text', text: String(key) }
}

/** JSON as it is stored, because caches store JSON by default; else text, else bytes. */
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
