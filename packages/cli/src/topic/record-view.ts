import { SnapstreamError, toError } from '@snapstream/core'
import type { ErrorCode, MaybePromise } from '@snapstream/core'
import type { RawTopicRecord } from '@snapstream/kafka'
import { pickColumns } from '../output/pick-columns.ts'
import { viewOf } from '../output/view.ts'
import type { View } from '../output/view.ts'
import type { ValueReader } from './value-json.ts'

/** A record, decoded as far as possible. */
export interface RecordView {
  readonly record: RawTopicRecord
  readonly key: View
  readonly value: View
  /** Why the value is shown as it is stored, and not as the options ask. */
  readonly error: string | undefined
}

const OF_RECORDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DECODE_FAILED', 'SCHEMA_MISSING'])

/** Decodes a record; without a reader as text or bytes. A value that does not decode is kept as stored, with the reason. */
export function recordView(record: RawTopicRecord, reader: ValueReader | undefined): MaybePromise<RecordView> {
  const { topic, value: bytes } = record
  const key = viewOf(record.key)
  if (reader === undefined || bytes === null) return { record, key, value: viewOf(bytes), error: undefined }
  const decoded = (json: string): RecordView => ({ record, key, value: { kind: 'value', json }, error: undefined })
  const undecoded = (thrown: unknown): RecordView => {
    // An unreachable registry is no error of a record.
    if (SnapstreamError.is(thrown) && !OF_RECORDS.has(thrown.code)) throw thrown
    return { record, key, value: viewOf(bytes), error: toError(thrown).message }
  }
  try {
    const json = reader(bytes, topic)
    return typeof json === 'string' ? decoded(json) : Promise.resolve(json).then(decoded, undecoded)
  } catch (thrown) {
    return undecoded(thrown)
  }
}

/** The same with some fields of its value only. */
export function withColumns(view: RecordView, columns: readonly string[] | undefined): RecordView {
  if (columns === undefined || view.error !== undefined) return view
  try {
    return { ...view, value: pickColumns(view.value, columns) }
  } catch (thrown) {
    return { ...view, error: toError(thrown).message }
  }
}
