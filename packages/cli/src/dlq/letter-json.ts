import type { DeadLetter } from '@snapstream/kafka'
import { valueField, viewField, viewOf } from '../output/view.ts'
import { headerFields, int64Json } from '../topic/format-record.ts'

/** A dead letter as one line of JSON. Fields such as `origin` are null if the letter does not have them. */
export function letterJson({ record, origin, code, message, binding, attempts, ...letter }: DeadLetter): string {
  const said = { origin, code, message, binding, attempts }
  const fields = Object.entries(said).map(([name, value]) => `"${name}":${JSON.stringify(value ?? null)}`)
  return (
    `{"topic":${JSON.stringify(record.topic)},"partition":${record.partition},"offset":${record.offset},` +
    `${fields.join(',')},"timestamp":${int64Json(letter.exactTimestamp ?? letter.timestamp)},${viewField('key', viewOf(letter.key))},` +
    `${valueField(viewOf(letter.value), false)},${headerFields(letter)}}\n`
  )
}
