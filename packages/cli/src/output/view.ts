import { isEmbeddable } from './raw-json.ts'
import { showBytes, textOf, toBase64 } from './show-bytes.ts'

/** A key or a value, decoded as far as possible. */
export type View =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** JSON: as it is stored, or decoded by a schema. */
  | { readonly kind: 'value'; readonly json: string }

const NONE: View = { kind: 'none' }

/** The text of a null value, where values are shown as texts. */
export const TOMBSTONE = '<tombstone>'

/** UTF-8 as text, other bytes as bytes. */
export function viewOf(bytes: Uint8Array | null): View {
  if (bytes === null) return NONE
  const text = textOf(bytes)
  return text === undefined ? { kind: 'bytes', bytes } : { kind: 'text', text }
}

/** The text for people, which filters match too. */
export function viewText(view: View, none: string): string {
  if (view.kind === 'text') return view.text
  if (view.kind === 'value') return view.json
  return view.kind === 'bytes' ? showBytes(view.bytes) : none
}

/** A field of a JSON object. Bytes become base64, with a field `Encoding` beside it. */
export function viewField(name: string, view: View): string {
  if (view.kind === 'bytes') return `"${name}":"${toBase64(view.bytes)}","${name}Encoding":"base64"`
  // In JSON a line end occurs between tokens only, where a space is equivalent.
  if (view.kind === 'value') return `"${name}":${view.json.replaceAll(/[\n\r]+/g, ' ')}`
  return `"${name}":${view.kind === 'text' ? JSON.stringify(view.text) : 'null'}`
}

/**
 * The value of a record as a field. Objects and arrays of JSON are embedded as they are. A text that the schema could not
 * decode (`undecoded`) is marked as text, and a decoded null is marked as JSON, to tell it from a tombstone.
 */
export function valueField(view: View, undecoded: boolean): string {
  if (view.kind === 'text' && undecoded) return `${viewField('value', view)},"valueEncoding":"text"`
  if (view.kind === 'text' && isEmbeddable(view.text)) return `"value":${view.text}`
  return viewField('value', view) + (view.kind === 'value' && view.json === 'null' ? ',"valueEncoding":"json"' : '')
}
