import type { ErrorCode, SnapstreamError } from '@snapstream/core'
import { codecError, cut, show } from '../codec-error.ts'

interface Answer {
  readonly status: number
  readonly text: string
  readonly what: string
  readonly url: string
}

/** Whether the same request may succeed later: the registry is overloaded, or failed itself. */
export const isRetriable = (status: number) => status === 408 || status === 429 || status >= 500

/** The error for an answer that is no success, with the registry's own message. */
export function answerError({ status, text, what, url }: Answer): SnapstreamError {
  const { error_code: errorCode, message } = parseProblem(text)
  const said = message === undefined ? `status ${status}` : `${errorCode ?? status}: ${cut(message)}`
  const error = (code: ErrorCode, advice: string) =>
    codecError(code, `the schema registry at ${url} was asked for ${what} and answered ${said}; ${advice}`)
  if (status === 401 || status === 403) return error('AUTHENTICATION_REFUSED', 'check the auth of SchemaRegistry')
  // Without a code the answer may be that of any web server.
  if (status === 404 && errorCode === undefined) return error('REGISTRY_FAILED', 'is this the address of a registry?')
  if (status === 404) return error('SCHEMA_MISSING', 'register it first, or set register: true to have that done')
  if (status === 409)
    return error(
      'SCHEMA_INCOMPATIBLE',
      'change the schema so that it is compatible with the other versions, or change the rule of the subject',
    )
  if (status === 422) return error('SCHEMA_REFUSED', 'check the schema, its type and its references')
  if (isRetriable(status)) return error('REGISTRY_UNREACHABLE', 'it may be overloaded')
  return error('REGISTRY_FAILED', 'see its log')
}

function parseProblem(text: string): { readonly error_code?: number; readonly message?: string } {
  try {
    const problem: unknown = JSON.parse(text)
    if (typeof problem !== 'object' || problem === null) return {}
    const { error_code: code, message } = problem as Readonly<Record<string, unknown>>
    return {
      ...(typeof code === 'number' && { error_code: code }),
      ...(typeof message === 'string' && { message }),
    }
  } catch {
    return text === '' ? {} : { message: show(text) }
  }
}
