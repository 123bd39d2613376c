import type { Paint } from '../output/paint.ts'
import { forTerminal } from '../output/show-bytes.ts'
import { viewField, viewText } from '../output/view.ts'
import type { EntryView } from './entry-view.ts'

/** An entry for people, as the tool of the Python package writes it. */
export function entryText(
  { key, value, error }: EntryView,
  { paint, isTerminal }: { readonly paint: Paint; readonly isTerminal: boolean },
): string {
  const safe = isTerminal ? forTerminal : (text: string) => text
  const failed = error === undefined ? '' : `${paint('cyan', '>>> error:')} ${paint('red', safe(error))}\n`
  return `\n${paint('cyan', '>>> key:')} ${safe(viewText(key, ''))}\n${failed}${safe(shownValue(value))}\n`
}

/** A text is shown without its quotes, as Python prints it. */
function shownValue(value: EntryView['value']): string {
  if (value.kind !== 'value' || !value.json.startsWith('"')) return viewText(value, '')
  return JSON.parse(value.json) as string
}

export function entryJson({ key, value, error }: EntryView): string {
  const failed = error === undefined ? '' : `,"error":${JSON.stringify(error)}`
  return `{${viewField('key', key)},${viewField('value', value)}${failed}}\n`
}
