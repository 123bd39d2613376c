import { SnapstreamError, toError } from '@snapstream/core'

/** A schema of the registry. */
export function parseSchema(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // A primitive type may be registered as its bare name.
    if (/^[a-z]+$/.test(text)) return text
    const cause = toError(error)
    throw new SnapstreamError('REGISTRY_FAILED', `${what} is not JSON: ${cause.message}`, { cause })
  }
}
