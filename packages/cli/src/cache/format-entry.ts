import type { Piece } from '../output/printer.ts'
import { viewField, viewText } from '../output/view.ts'
import { labelled } from '../topic/format-record.ts'
import type { EntryView } from './entry-view.ts'

/** An entry for people, as the tool of the Python package writes it. */
export function entryText({ key, value, error }: EntryView): readonly Piece[] {
  return [
    '\n',
    ...labelled('key', viewText(key, '')),
    ...(error === undefined ? [] : labelled('error', error, 'red')),
    `${shownValue(value)}\n`,
  ]
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
