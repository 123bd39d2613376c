import { codecError, show } from '../codec-error.ts'
import { isLimit, LIMIT_EXPECTED, type Limits } from '../limits.ts'
import type { SubjectOptions } from './codec-options.ts'
import type { Format } from './format.ts'

const STRATEGIES: readonly unknown[] = ['TopicName', 'RecordName', 'TopicRecordName']
const LIMITS = ['maxBytes', 'maxDepth', 'maxItems'] as const
const OPTIONS = {
  AVRO: [
    'schema',
    'subject',
    'register',
    'references',
    'unusableSchema',
    'long',
    'logicalTypes',
    'wrapUnions',
    ...LIMITS,
  ],
  JSON: ['schema', 'subject', 'register', 'references', 'unusableSchema', 'formats', 'maxBytes', 'maxDepth'],
}

/** Throws `USAGE` for what a codec of a registry does not take. */
export function checkCodecOptions(
  options: SubjectOptions & Limits,
  { own, type }: Pick<Format<unknown>, 'own' | 'type'>,
): void {
  const usage = (message: string) => codecError('USAGE', message)
  const codec = type === 'AVRO' ? 'registry.avro' : 'registry.json'
  const names = type === 'AVRO' ? OPTIONS.AVRO : OPTIONS.JSON
  for (const name of Object.keys(options))
    if (!names.includes(name)) throw usage(`${codec} has no option ${show(name)}; it takes ${names.join(', ')}`)
  const { subject = 'TopicName', register = false, references = [], unusableSchema = 'source' } = options
  if (typeof subject !== 'function' && !STRATEGIES.includes(subject))
    throw usage(
      `subject of ${codec} has to be one of ${STRATEGIES.join(', ')}, or a function that gives a name, got ${show(subject)}`,
    )
  if (typeof register !== 'boolean') throw usage(`register of ${codec} has to be true or false, got ${show(register)}`)
  if (register && !own) throw usage(`register of ${codec} needs the schema to be registered; give the option schema`)
  if (!Array.isArray(references)) throw usage(`references of ${codec} has to be an array, got ${show(references)}`)
  if (unusableSchema !== 'source' && unusableSchema !== 'record')
    throw usage(`unusableSchema of ${codec} has to be 'source' or 'record', got ${show(unusableSchema)}`)
  for (const name of LIMITS)
    if (options[name] !== undefined && !isLimit(options[name]))
      throw usage(`${name} of ${codec} has to be ${LIMIT_EXPECTED}, got ${show(options[name])}`)
}
