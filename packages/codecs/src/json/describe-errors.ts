import type { ErrorObject } from 'ajv'
import { cut, show } from '../codec-error.ts'

const SHOWN_ERRORS = 4

/** What ajv found, as path, what was expected and what came. */
export function describeErrors(errors: readonly ErrorObject[]): string {
  const shown = errors.slice(0, SHOWN_ERRORS).map(({ instancePath, message, keyword, params, data }) => {
    const extra: unknown = params['additionalProperty'] ?? params['unevaluatedProperty']
    const detail = typeof extra === 'string' ? ` ("${cut(extra)}")` : ''
    const allowed =
      keyword === 'enum' || keyword === 'const' ? ` ${cut(JSON.stringify(Object.values(params)[0]) ?? '')}` : ''
    return `${cut(toPath(instancePath))} ${cut(message ?? keyword)}${detail}${allowed}, got ${show(data)}`
  })
  return `${shown.join('; ')}${errors.length > SHOWN_ERRORS ? '; ...' : ''}`
}

/** A JSON pointer as a path: `/items/0/id` is `$.items[0].id`. */
function toPath(pointer: string): string {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  return `$${names.map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`)).join('')}`
}
