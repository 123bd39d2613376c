import type { CodecContext } from '@snapstream/core'
import { codecError, messageOf, show } from '../codec-error.ts'
import type { SubjectStrategy } from './codec-options.ts'

/** The subject of a record's key or value. Throws `ENCODE_FAILED` where the strategy lacks a topic or a record name. */
export function subjectOf(
  strategy: SubjectStrategy,
  context: CodecContext | undefined,
  recordName: string | undefined,
): string {
  if (typeof strategy === 'function') return named(strategy, context, recordName)
  const unknown = (what: string, instead: string) =>
    codecError('ENCODE_FAILED', `the subject by ${show(strategy)} needs ${what}; ${instead}`)
  if (strategy !== 'RecordName' && context === undefined)
    throw unknown('a topic, and this is written to none', "give subject: () => 'its name'")
  if (strategy === 'TopicName') return `${context!.topic}-${context!.part}`
  if (recordName === undefined)
    throw unknown('a schema with a name (in JSON, a title)', 'give the option schema to the codec')
  return strategy === 'RecordName' ? recordName : `${context!.topic}-${recordName}`
}

function named(
  strategy: Extract<SubjectStrategy, (...args: never) => unknown>,
  context: CodecContext | undefined,
  recordName: string | undefined,
): string {
  let subject: unknown
  try {
    subject = strategy(context, recordName)
  } catch (error) {
    throw codecError('ENCODE_FAILED', `the function subject failed: ${messageOf(error)}`, error)
  }
  if (typeof subject === 'string' && subject !== '') return subject
  throw codecError('ENCODE_FAILED', `the function subject has to return a name, got ${show(subject)}`)
}
