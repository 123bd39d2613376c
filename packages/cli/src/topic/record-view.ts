import { SnapstreamError, toError } from '@snapstream/core'
import type { ErrorCode, MaybePromise } from '@snapstream/core'
import type { RawTopicRecord } from '@snapstream/kafka'
import { pickColumns } from '../output/pick-columns.ts'
import { viewOf } from '../output/view.ts'
import type { View } from '../output/view.ts'
import type { ValueDecoder } from './value-decoder.ts'

/** A record as far as it could be read. */
export interface RecordView {
  readonly record: RawTopicRecord
  readonly key: View
  readonly value: View
  /** Why the value is shown as it stands, and not as it was asked for. */
  readonly error: string | undefined
}

const OF_RECORDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DECODE_FAILED', 'SCHEMA_MISSING'])

/** Reads a record: what does not decode is shown as it stands, with the reason. */
export function recordView(record: RawTopicRecord, decode: ValueDecoder): MaybePromise<RecordView> {
  const key = viewOf(record.key)
  const decoded = (value: View): RecordView => ({ record, key, value, error: undefined })
  const undecoded = (thrown: unknown): RecordView => {
    // A registry that is away is nothing that is wrong with a record.
    if (SnapstreamError.is(thrown) && !OF_RECORDS.has(thrown.code)) throw thrown
    return { record, key, value: viewOf(record.value), error: toError(thrown).message }
  }
  try {
    const value = decode(record)
    return 'kind' in value ? decoded(value) : Promise.resolve(value).then(decoded, undecoded)
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
