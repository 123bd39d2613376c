import { SnapstreamError, toError } from '@snapstream/core'
import { backoff, sleep, withTimeout } from '@snapstream/core/adapter'
import { codecError, messageOf, show } from '../codec-error.ts'
import { answerError, isRetriable } from './registry-error.ts'
import { canBeHeaders, type RegistryAuth, type SchemaRegistryOptions } from './registry-options.ts'

const MAX_BACKOFF_MS = 10_000
const MAX_REDIRECTS = 5
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
const MAX_REQUESTS = 16
const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** Redirects after which the same request, with its body, is sent again. */
const REPEATING: ReadonlySet<number> = new Set([307, 308])

/** Makes a request and returns the answer's JSON. `what` names the request in error messages. */
export type RegistryRequest = <T>(method: 'GET' | 'POST', path: string, what: string, body?: object) => Promise<T>

/** An address of the registry. */
interface Place {
  /** Without user name and password. */
  readonly url: string
  readonly auth: RegistryAuth | undefined
}

interface Answer {
  readonly status: number
  readonly ok: boolean
  readonly text: string
  /** The address of the answer, for error messages. */
  readonly url: string
}

export function registryRequests(options: SchemaRegistryOptions): RegistryRequest {
  const { timeoutMs = 10_000, retries = 4, backoffMs = 100, headers = {} } = options
  const { maxAnswerBytes = MAX_ANSWER_BYTES, maxRequests = MAX_REQUESTS } = options
  const ask = options.fetch ?? fetch
  const places = (typeof options.url === 'string' ? [options.url] : options.url).map((url) =>
    placeOf(url, options.auth),
  )
  const inTurn = limited(maxRequests)
  // The index of the address that answered last.
  let current = 0

  /** Makes one request and follows its redirects. The user's headers and login are sent to the first host only. */
  async function once(place: Place, method: string, path: string, body: object | undefined, signal: AbortSignal) {
    const plain = { accept: `${CONTENT_TYPE}, application/json`, ...(body && { 'content-type': CONTENT_TYPE }) }
    let sent: Record<string, string> = { ...plain, ...headers, ...(await authorization(place.auth)) }
    let url = `${place.url}${path}`
    const { origin } = new URL(url)
    for (let redirects = 0; ; redirects++) {
      const response = await ask(url, {
        method,
        headers: sent,
        ...(body && { body: JSON.stringify(body) }),
        redirect: 'manual',
        signal,
      })
      const { status, ok } = response
      const shown = redirects === 0 ? place.url : `${place.url}, redirected to ${show(url)}`
      if (!REDIRECTS.has(status)) return { status, ok, text: await readAnswer(response, maxAnswerBytes), url: shown }
      await response.body?.cancel()
      const next = addressOf(response.headers.get('location'), url)
      const refused = (why: string) =>
        codecError('REGISTRY_FAILED', `the schema registry at ${place.url} redirects to ${show(next ?? '')}: ${why}`)
      if (next === undefined) throw refused('the target is no HTTP address')
      if (redirects === MAX_REDIRECTS) throw refused(`more than ${MAX_REDIRECTS} redirects`)
      const isOther = new URL(next).origin !== origin
      if (method === 'POST' && (isOther || !REPEATING.has(status)))
        throw refused('a registration is not sent there; pass that address to SchemaRegistry')
      if (isOther) sent = plain
      url = next
    }
  }

  return async <T>(method: 'GET' | 'POST', path: string, what: string, body?: object) => {
    for (let attempt = 0; ; attempt++) {
      const place = places[current]!
      let problem: SnapstreamError
      try {
        const answer: Answer = await inTurn(() =>
          withDeadline(timeoutMs, (signal) => once(place, method, path, body, signal)),
        )
        if (answer.ok) return parse(answer, what) as T
        problem = answerError({ ...answer, what })
        if (!isRetriable(answer.status)) throw problem
      } catch (error) {
        if (SnapstreamError.is(error)) throw error
        problem = unreachable(place.url, what, error, timeoutMs)
      }
      current = (current + 1) % places.length
      if (attempt >= retries) throw problem
      // Exponential backoff with jitter, so that clients that failed together do not retry together.
      await sleep(backoff(attempt + 1, { firstMs: backoffMs, maxMs: MAX_BACKOFF_MS }))
    }
  }
}

function addressOf(location: string | null, base: string): string | undefined {
  if (location === null || !URL.canParse(location, base)) return undefined
  const url = new URL(location, base)
  url.username = ''
  url.password = ''
  return /^https?:$/.test(url.protocol) ? url.href : undefined
}

function parse({ text, url }: Answer, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw codecError(
      'REGISTRY_FAILED',
      `the schema registry at ${url} was asked for ${what} and did not answer in JSON, but with ${show(text)}; is this the address of a registry?`,
      error,
    )
  }
}

function unreachable(url: string, what: string, thrown: unknown, timeoutMs: number): SnapstreamError {
  const cause = toError(thrown)
  // fetch puts the reason into the cause of its error.
  const inner = cause.cause === undefined ? cause : toError(cause.cause)
  const happened = cause.name === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : messageOf(inner) || inner.name
  return codecError(
    'REGISTRY_UNREACHABLE',
    `the schema registry at ${url} was asked for ${what} and cannot be reached: ${happened}; check its address, and whether it runs`,
    cause,
  )
}

/** Takes user name and password out of an address: fetch refuses them, and shows them in its error. */
function placeOf(address: string, auth: RegistryAuth | undefined): Place {
  const url = new URL(address)
  const { username, password } = url
  url.username = ''
  url.password = ''
  const inAddress =
    username === '' && password === ''
      ? undefined
      : { basic: { username: unescaped(username), password: unescaped(password) } }
  return { url: url.href.replace(/\/+$/, ''), auth: auth ?? inAddress }
}

/** Decodes percent escapes; a `%` that begins none stays. */
function unescaped(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes)
    } catch {
      return escapes
    }
  })
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
  const failed = (why: string, thrown?: unknown) =>
    codecError('AUTHENTICATION_REFUSED', `the function auth.bearer of SchemaRegistry ${why}`, thrown)
  let token: unknown
  try {
    token = await bearer()
  } catch (error) {
    throw failed(`failed: ${messageOf(error)}`, error)
  }
  if (typeof token === 'string' && token !== '' && canBeHeaders({ authorization: token })) return token
  throw failed('has to return a token, a string that is valid in a header')
}

/** The result of `run`; rejects with a `TimeoutError` after `ms`, whether or not `run` heeds the signal. */
async function withDeadline<T>(ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const late = (): never => {
    throw new DOMException(`it took longer than ${ms} ms`, 'TimeoutError')
  }
  try {
    return await withTimeout(run(controller.signal), { ms, late })
  } finally {
    // Closes the request if it is still open.
    controller.abort()
  }
}

/** Limits concurrency: runs at most `most` functions at the same time; the others wait. */
function limited(most: number): <T>(run: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (run) => {
    if (running >= most) await new Promise<void>((resolve) => void waiting.push(resolve))
    else running++
    try {
      return await run()
    } finally {
      // Its slot goes to the next.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}

/** Reads an answer of at most `maxBytes`: a compressed one may be thousands of times larger than the bytes sent. */
async function readAnswer(response: Response, maxBytes: number): Promise<string> {
  const tooLong = () =>
    codecError(
      'REGISTRY_FAILED',
      `an answer of the schema registry has more than ${maxBytes} bytes, the limit by maxAnswerBytes`,
    )
  const { body } = response
  if (body === null) return ''
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = body.getReader()
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    length += chunk.value.byteLength
    if (length > maxBytes) {
      await reader.cancel().catch(() => undefined)
      throw tooLong()
    }
    chunks.push(chunk.value)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}
