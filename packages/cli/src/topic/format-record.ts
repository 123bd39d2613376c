import type { Headers } from '@snapstream/core'
import { isoTime } from '../output/iso-time.ts'
import type { Piece } from '../output/printer.ts'
import { textOf, toBase64 } from '../output/show-bytes.ts'
import { valueField, viewField, viewText } from '../output/view.ts'
import type { RecordView } from './record-view.ts'

interface TextFormat {
  /** An offset says little without it, where there are several. */
  readonly withPartition: boolean
  /** Records before this time, in ms since the epoch, are marked as older than the command. */
  readonly startedAt: number | undefined
}

/** How a value that is null shows among texts. */
export const TOMBSTONE = '<tombstone>'

/** A record for people, as the tool of the Python package writes it. */
export function recordText(view: RecordView, { withPartition, startedAt }: TextFormat): readonly Piece[] {
  const { record, key, value, error } = view
  const { timestamp, exactTimestamp = timestamp, partition, offset } = record
  const catchingUp = startedAt !== undefined && timestamp < startedAt ? ' (catching up)' : ''
  return [
    '\n',
    ...labelled('timestamp', isoTime(exactTimestamp) + catchingUp),
    ...(withPartition ? labelled('partition', String(partition)) : []),
    ...labelled('offset', String(offset)),
    ...labelled('key', viewText(key, '')),
    ...(error === undefined ? [] : labelled('error', error, 'red')),
    `${viewText(value, TOMBSTONE)}\n`,
  ]
}

/** A line that begins with what it is about. */
export function labelled(label: string, text: string, style?: 'red'): readonly Piece[] {
  return [{ text: `>>> ${label}:`, style: 'cyan' }, { text: text === '' ? '' : ` ${text}`, style, oneLine: true }, '\n']
}

/** A record as one line of JSON. */
export function recordJson({ record, key, value, error }: RecordView): string {
  const { topic, partition, offset, timestamp, exactTimestamp = timestamp } = record
  return (
    `{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset},"timestamp":${int64Json(exactTimestamp)},` +
    `${viewField('key', key)},${valueField(value, error !== undefined)},${headerFields(record)}` +
    `${error === undefined ? '' : `,"error":${JSON.stringify(error)}`}}\n`
  )
}

/** An integer that every reader of JSON holds exactly, else a text of its digits. */
export function int64Json(value: number | bigint): string {
  return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`
}

/** The headers that can be read, and all of them as bytes where others cannot. */
export function headerFields({ headers, headerBytes }: Pick<RecordView['record'], 'headers' | 'headerBytes'>): string {
  return (
    `"headers":${headersJson(headers)}` + (headerBytes === undefined ? '' : `,"headerBytes":"${toBase64(headerBytes)}"`)
  )
}

/** Pairs, as a name may come several times; a third place says that the second is base64. */
function headersJson(headers: Headers): string {
  const pairs = headers.map(([name, value]) => {
    if (value === null) return [name, null]
    const text = textOf(value)
    return text === undefined ? [name, toBase64(value), 'base64'] : [name, text]
  })
  return JSON.stringify(pairs)
}
