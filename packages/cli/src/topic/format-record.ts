import type { Headers } from '@snapstream/core'
import { isoTime } from '../output/iso-time.ts'
import type { Paint } from '../output/paint.ts'
import { forTerminal, textOf, toBase64 } from '../output/show-bytes.ts'
import { viewField, viewText } from '../output/view.ts'
import type { RecordView } from './record-view.ts'

interface TextFormat {
  readonly paint: Paint
  readonly isTerminal: boolean
  /** An offset says little without it, where there are several. */
  readonly withPartition: boolean
  /** Records before this time, in ms since the epoch, are marked as older than the command. */
  readonly startedAt: number | undefined
}

/** A record for people, as the tool of the Python package writes it. */
export function recordText(view: RecordView, { paint, isTerminal, withPartition, startedAt }: TextFormat): string {
  const { record, key, value, error } = view
  const { timestamp, partition, offset } = record
  const catchingUp = startedAt !== undefined && timestamp < startedAt ? ' (catching up)' : ''
  const safe = isTerminal ? forTerminal : (text: string) => text
  const line = (name: string, text: string) => `${paint('cyan', `>>> ${name}:`)}${text === '' ? '' : ` ${text}`}\n`
  return (
    `\n${line('timestamp', isoTime(timestamp) + catchingUp)}` +
    (withPartition ? line('partition', String(partition)) : '') +
    line('offset', String(offset)) +
    line('key', safe(viewText(key, ''))) +
    (error === undefined ? '' : line('error', paint('red', safe(error)))) +
    `${safe(viewText(value, TOMBSTONE))}\n`
  )
}

/** How a value that is null shows among texts. */
const TOMBSTONE = '<tombstone>'

/** A record as one line of JSON. */
export function recordJson({ record, key, value, error }: RecordView): string {
  const { topic, partition, offset, timestamp, headers } = record
  return (
    `{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset},"timestamp":${timestamp},` +
    `${viewField('key', key)},${viewField('value', value)},"headers":${headersJson(headers)}` +
    `${error === undefined ? '' : `,"error":${JSON.stringify(error)}`}}\n`
  )
}

/** Pairs, as a name may come several times; a third place says that the second is base64. */
export function headersJson(headers: Headers): string {
  const pairs = headers.map(([name, value]) => {
    if (value === null) return [name, null]
    const text = textOf(value)
    return text === undefined ? [name, toBase64(value), 'base64'] : [name, text]
  })
  return JSON.stringify(pairs)
}
