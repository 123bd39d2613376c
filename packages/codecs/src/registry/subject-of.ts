import { SnapstreamError, describe, type CodecContext } from '@snapstream/core'
import type { SubjectStrategy } from './codec-options.ts'

/** The subject of a record's key or value. Throws `ENCODE_FAILED` where that cannot be known. */
export function subjectOf(
  strategy: SubjectStrategy,
  context: CodecContext | undefined,
  recordName: string | undefined,
): string {
  if (typeof strategy === 'function') return strategy(context, recordName)
  const unknown = (what: string, instead: string) =>
    new SnapstreamError('ENCODE_FAILED', `the subject by ${describe(strategy)} needs ${what}; ${instead}`)
  if (strategy !== 'RecordName' && context === undefined)
    throw unknown('a topic, and this is written to none', "give subject: () => 'its name'")
  if (strategy === 'TopicName') return `${context!.topic}-${context!.part}`
  if (recordName === undefined)
    throw unknown('a schema with a name (in JSON, a title)', 'give the option schema to the codec')
  return strategy === 'RecordName' ? recordName : `${context!.topic}-${recordName}`
}
