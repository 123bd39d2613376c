import type { MaybePromise } from '@snapstream/core'
import type { RawTopicRecord } from '@snapstream/kafka'
import { toJson } from '../output/to-json.ts'
import { NONE, viewOf } from '../output/view.ts'
import type { View } from '../output/view.ts'
import type { Settings } from '../settings/settings.ts'
import { readingCodec } from './value-codec.ts'

export type ValueDecoder = (record: Pick<RawTopicRecord, 'topic' | 'value'>) => MaybePromise<View>

/** How values are read: by the schema that was given, else as text or bytes. Its promises reject as the codec does. */
export async function valueDecoder(settings: Settings): Promise<ValueDecoder> {
  const codec = await readingCodec(settings)
  if (codec === undefined) return ({ value }) => viewOf(value)
  return ({ topic, value }) => {
    if (value === null) return NONE
    const decoded = codec.decode(value, { topic, part: 'value' })
    return isPromise(decoded) ? decoded.then(viewOfValue) : viewOfValue(decoded)
  }
}

const viewOfValue = (value: unknown): View => ({ kind: 'value', json: toJson(value) })

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}
