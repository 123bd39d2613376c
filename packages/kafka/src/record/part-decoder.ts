import type { Codec, CodecContext, MaybePromise } from '@snapstream/core'
import type { RecordBatch } from '../driver/driver.ts'

/** There is no key, or no value. */
export const NONE = Symbol('none')

/** Decodes the keys, or the values, of a batch. Throws what the codec throws. */
export function partDecoder(
  batch: RecordBatch,
  codec: Codec<unknown>,
  context: CodecContext,
): (i: number) => MaybePromise<unknown> {
  const isKey = context.part === 'key'
  const text = codec['~snapstream.text']
  const canRead = (isKey ? batch.keyText : batch.valueText) !== undefined

  function fromBytes(i: number): MaybePromise<unknown> {
    const bytes = isKey ? batch.key(i) : batch.value(i)
    return bytes === null ? NONE : codec.decode(bytes, context)
  }

  if (text === undefined || !canRead) return fromBytes
  // What a driver has as text need not become bytes first. What is not UTF-8 is for the codec to refuse.
  return (i) => {
    const read = isKey ? batch.keyText?.(i) : batch.valueText?.(i)
    if (read === undefined) return fromBytes(i)
    return read === null ? NONE : text.decode(read, context)
  }
}
