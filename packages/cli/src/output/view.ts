import { isEmbeddable } from './raw-json.ts'
import { showBytes, textOf, toBase64 } from './show-bytes.ts'

/** A key or a value as far as it could be read. */
export type View =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** What bytes that are no JSON stand for, as JSON. */
  | { readonly kind: 'value'; readonly json: string }

export const NONE: View = { kind: 'none' }

/** Text where it is text, else bytes. */
export function viewOf(bytes: Uint8Array | null): View {
  if (bytes === null) return NONE
  const text = textOf(bytes)
  return text === undefined ? { kind: 'bytes', bytes } : { kind: 'text', text }
}

/** As people read it, and as filters see it. */
export function viewText(view: View, none: string): string {
  if (view.kind === 'text') return view.text
  if (view.kind === 'value') return view.json
  return view.kind === 'bytes' ? showBytes(view.bytes) : none
}

/** As a field of a JSON object; bytes are base64, and a field beside it says so. */
export function viewField(name: string, view: View): string {
  if (view.kind === 'bytes') return `"${name}":"${toBase64(view.bytes)}","${name}Encoding":"base64"`
  // Between what is JSON a line end is as good as a space, and within it there is none.
  if (view.kind === 'value') return `"${name}":${view.json.replaceAll(/[\n\r]+/g, ' ')}`
  return `"${name}":${view.kind === 'text' ? JSON.stringify(view.text) : 'null'}`
}

/**
 * The value of a record as a field: objects and arrays of JSON stand there as they are. What a schema was asked for and does
 * not read (`undecoded`) says that it is text, and a null that was read says that it is no tombstone.
 */
export function valueField(view: View, undecoded: boolean): string {
  if (view.kind === 'text' && undecoded) return `${viewField('value', view)},"valueEncoding":"text"`
  if (view.kind === 'text' && isEmbeddable(view.text)) return `"value":${view.text}`
  return viewField('value', view) + (view.kind === 'value' && view.json === 'null' ? ',"valueEncoding":"json"' : '')
}
