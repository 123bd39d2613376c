import type { Headers } from '@snapstream/core'
import { isoTime } from '../output/iso-time.ts'
import { labelled } from '../output/printer.ts'
import type { Piece } from '../output/printer.ts'
import { textOf, toBase64 } from '../output/show-bytes.ts'
import { TOMBSTONE, valueField, viewField, viewText } from '../output/view.ts'
import type { RecordView } from './record-view.ts'

interface TextFormat {
  /** For a topic of several partitions. */
  readonly withPartition: boolean
  /** Records from before this time, in ms since the epoch, are marked as `(catching up)`. */
  readonly startedAt: number | undefined
}

/** A record for people, in the format of the Python package's tool. */
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

/** A record as one line of JSON. */
export function recordJson({ record, key, value, error }: RecordView): string {
  const { topic, partition, offset, timestamp, exactTimestamp = timestamp } = record
  return (
    `{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset},"timestamp":${int64Json(exactTimestamp)},` +
    `${viewField('key', key)},${valueField(value, error !== undefined)},${headerFields(record)}` +
    `${error === undefined ? '' : `,"error":${JSON.stringify(error)}`}}\n`
  )
}

/** An integer as a JSON number if every reader holds it exactly, else as a text of its digits. */
export function int64Json(value: number | bigint): string {
  return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`
}

/** The decoded headers; and the bytes of all headers if some cannot be decoded. */
export function headerFields({ headers, headerBytes }: Pick<RecordView['record'], 'headers' | 'headerBytes'>): string {
  return (
    `"headers":${headersJson(headers)}` + (headerBytes === undefined ? '' : `,"headerBytes":"${toBase64(headerBytes)}"`)
  )
}

/** Pairs, because a name may occur several times. `"base64"` in the third place marks a value in base64. */
function headersJson(headers: Headers): string {
  const pairs = headers.map(([name, value]) => {
    if (value === null) return [name, null]
    const text = textOf(value)
    return text === undefined ? [name, toBase64(value), 'base64'] : [name, text]
  })
  return JSON.stringify(pairs)
}
