import { SnapstreamError, describe } from '@snapstream/core'
import { isLimit, LIMIT_EXPECTED } from '../limits.ts'
import type { AvroCodecOptions } from './avro-options.ts'

const CHECKS: Readonly<Record<keyof AvroCodecOptions, readonly [expected: string, ok: (value: unknown) => boolean]>> = {
  writer: ['a schema, or the path of an .avsc file', () => true],
  references: ['an array of schemas or paths of .avsc files', Array.isArray],
  long: ["'number' or 'bigint'", (value) => value === 'number' || value === 'bigint'],
  wrapUnions: ["'auto' or 'always'", (value) => value === 'auto' || value === 'always'],
  logicalTypes: ['an object with logical types by their names, or false', areLogicalTypes],
  maxBytes: [LIMIT_EXPECTED, isLimit],
  maxDepth: [LIMIT_EXPECTED, isLimit],
  maxItems: [LIMIT_EXPECTED, isLimit],
}

/** Throws `USAGE` for what AvroCodec does not take. */
export function checkAvroOptions(options: AvroCodecOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new SnapstreamError('USAGE', `AvroCodec takes an object of options, got ${describe(options)}`)
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof AvroCodecOptions] : undefined
    if (check === undefined)
      throw new SnapstreamError(
        'USAGE',
        `AvroCodec has no option ${describe(name)}; it takes ${Object.keys(CHECKS).join(', ')}`,
      )
    const [expected, ok] = check
    if (value !== undefined && !ok(value))
      throw new SnapstreamError('USAGE', `${name} of AvroCodec has to be ${expected}, got ${describe(value)}`)
  }
}

function areLogicalTypes(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(
      (type: unknown) =>
        type === false ||
        (typeof type === 'object' &&
          type !== null &&
          ['fromAvro', 'toAvro', 'kind', 'takes'].every((part) => part in type)),
    )
  )
}
