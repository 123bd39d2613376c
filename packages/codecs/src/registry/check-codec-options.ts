import { SnapstreamError, describe } from '@snapstream/core'
import type { SubjectOptions } from './codec-options.ts'
import type { Format } from './format.ts'

const STRATEGIES: readonly unknown[] = ['TopicName', 'RecordName', 'TopicRecordName']
const LIMITS = ['maxBytes', 'maxDepth']
const OPTIONS = {
  AVRO: ['schema', 'subject', 'register', 'references', 'long', 'logicalTypes', 'wrapUnions', ...LIMITS, 'maxItems'],
  JSON: ['schema', 'subject', 'register', 'references', 'formats', ...LIMITS],
}

/** Throws `USAGE` for what a codec of a registry does not take. */
export function checkCodecOptions(options: SubjectOptions, { own, type }: Pick<Format<unknown>, 'own' | 'type'>): void {
  const usage = (message: string) => new SnapstreamError('USAGE', message)
  const codec = type === 'AVRO' ? 'registry.avro' : 'registry.json'
  const names = type === 'AVRO' ? OPTIONS.AVRO : OPTIONS.JSON
  for (const name of Object.keys(options))
    if (!names.includes(name)) throw usage(`${codec} has no option ${describe(name)}; it takes ${names.join(', ')}`)
  const { subject = 'TopicName', register = false, references = [] } = options
  if (typeof subject !== 'function' && !STRATEGIES.includes(subject))
    throw usage(
      `subject of ${codec} has to be one of ${STRATEGIES.join(', ')}, or a function that gives a name, got ${describe(subject)}`,
    )
  if (typeof register !== 'boolean')
    throw usage(`register of ${codec} has to be true or false, got ${describe(register)}`)
  if (register && !own) throw usage(`register of ${codec} needs the schema to be registered; give the option schema`)
  if (!Array.isArray(references)) throw usage(`references of ${codec} has to be an array, got ${describe(references)}`)
}
