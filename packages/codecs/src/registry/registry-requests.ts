import { setTimeout as sleep } from 'node:timers/promises'
import { SnapstreamError, describe, toError } from '@snapstream/core'
import { answerError, isTransient } from './answer-error.ts'
import type { RegistryAuth, SchemaRegistryOptions } from './registry-options.ts'

const MAX_BACKOFF_MS = 10_000
const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'

/** Makes a request and answers with what was said, in JSON. `what` is asked for, in error messages. */
export type RegistryRequest = <T>(method: 'GET' | 'POST', path: string, what: string, body?: object) => Promise<T>

interface Place {
  /** Without a name and a password. */
  readonly url: string
  readonly auth: RegistryAuth | undefined
}

export function registryRequests(options: SchemaRegistryOptions): RegistryRequest {
  const { timeoutMs = 10_000, retries = 4, backoffMs = 100, headers = {} } = options
  const ask = options.fetch ?? fetch
  const places = (typeof options.url === 'string' ? [options.url] : options.url).map((url) =>
    placeOf(url, options.auth),
  )
  // The one that answered last.
  let current = 0

  async function once(place: Place, method: string, path: string, body: object | undefined) {
    const response = await ask(`${place.url}${path}`, {
      method,
      headers: {
        accept: `${CONTENT_TYPE}, application/json`,
        ...(body && { 'content-type': CONTENT_TYPE }),
        ...headers,
        ...(await authorization(place.auth)),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: response.status, ok: response.ok, text: await response.text() }
  }

  return async <T>(method: 'GET' | 'POST', path: string, what: string, body?: object) => {
    for (let attempt = 0; ; attempt++) {
      const place = places[current]!
      let problem: SnapstreamError
      try {
        const { status, ok, text } = await once(place, method, path, body)
        if (ok) return parse(text, what, place.url) as T
        problem = answerError({ status, text, what, url: place.url })
        if (!isTransient(status)) throw problem
      } catch (error) {
        if (SnapstreamError.is(error)) throw error
        problem = unreachable(place.url, what, error, timeoutMs)
      }
      current = (current + 1) % places.length
      if (attempt >= retries) throw problem
      // Half to all of a wait that doubles, so that those who failed together do not come again together.
      await sleep(Math.min(backoffMs * 2 ** attempt, MAX_BACKOFF_MS) * (1 - Math.random() / 2))
    }
  }
}

function parse(text: string, what: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const cause = toError(error)
    throw new SnapstreamError(
      'REGISTRY_FAILED',
      `the schema registry at ${url} was asked for ${what} and did not answer in JSON, but with ${describe(text)}; is this the address of one?`,
      { cause },
    )
  }
}

function unreachable(url: string, what: string, thrown: unknown, timeoutMs: number): SnapstreamError {
  const cause = toError(thrown)
  // fetch says what happened in the cause of its error.
  const inner = cause.cause === undefined ? cause : toError(cause.cause)
  const happened = cause.name === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : inner.message || inner.name
  return new SnapstreamError(
    'REGISTRY_UNREACHABLE',
    `the schema registry at ${url} was asked for ${what} and cannot be reached: ${happened}; check its address, and whether it runs`,
    { cause },
  )
}

/** fetch takes no address with a name and a password, and would show them in its error. */
function placeOf(address: string, auth: RegistryAuth | undefined): Place {
  const url = new URL(address)
  const { username, password } = url
  url.username = ''
  url.password = ''
  const inAddress =
    username === '' && password === ''
      ? undefined
      : { basic: { username: decodeURIComponent(username), password: decodeURIComponent(password) } }
  return { url: url.href.replace(/\/+$/, ''), auth: auth ?? inAddress }
}

async function authorization(auth: RegistryAuth | undefined): Promise<Record<string, string>> {
  if (auth === undefined) return {}
  if ('bearer' in auth) {
    const token = typeof auth.bearer === 'function' ? await askForToken(auth.bearer) : auth.bearer
    return { authorization: `Bearer ${token}` }
  }
  const { username, password } = auth.basic
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

async function askForToken(bearer: () => string | Promise<string>): Promise<string> {
  try {
    return await bearer()
  } catch (error) {
    const cause = toError(error)
    throw new SnapstreamError(
      'AUTHENTICATION_REFUSED',
      `the function auth.bearer of SchemaRegistry failed: ${cause.message}`,
      { cause },
    )
  }
}
