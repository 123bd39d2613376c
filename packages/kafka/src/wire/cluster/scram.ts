import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { SnapstreamError, describe } from '@snapstream/core'
import type { SaslSettings } from '../../driver/driver.ts'

/** Sends a message of the client, and resolves with what the broker says to it. */
type Exchange = (message: Buffer) => Promise<Buffer>

/** What RFC 7677 asks for, and brokers store at least. */
const FEWEST_ITERATIONS = 4096
/** 60 times what Kafka's own tools store at most (16,384): about a second of one thread. */
const MOST_ITERATIONS = 1_000_000
const NONCE_BYTES = 24
const SERVER_FIRST = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9]\d{0,9})(?:,.*)?$/s
const SERVER_FINAL = /^(?:v=([A-Za-z0-9+/]+={0,2})|e=([^,]*))(?:,.*)?$/s
/** No binding to a channel, and nobody else's name. */
const GS2_HEADER = 'n,,'

const derive = promisify(pbkdf2)

/**
 * SCRAM (RFC 5802): proves that the client knows the password, and that the broker does. Throws `AUTHENTICATION_REFUSED`
 * for a broker that cannot prove it, or that asks for a proof from which the password could be guessed. The password is
 * made into a key on another thread.
 */
export async function scram(
  { mechanism, username, password }: SaslSettings,
  exchange: Exchange,
  nonce: string = randomBytes(NONCE_BYTES).toString('base64'),
): Promise<void> {
  const digest = mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512'
  const keyBytes = digest === 'sha256' ? 32 : 64
  const hmac = (key: Buffer, text: string) => createHmac(digest, key).update(text).digest()
  const refuse = (what: string) => new SnapstreamError('AUTHENTICATION_REFUSED', `${mechanism}: ${what}`)

  const clientFirst = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
  const serverFirst = (await exchange(Buffer.from(GS2_HEADER + clientFirst))).toString()
  const [, serverNonce = '', salt = '', count] = SERVER_FIRST.exec(serverFirst) ?? []
  if (count === undefined) throw refuse(`the first message of the broker cannot be read: ${describe(serverFirst)}`)
  if (!serverNonce.startsWith(nonce) || serverNonce.length === nonce.length)
    throw refuse('the nonce of the broker does not continue that of the client; somebody may be answering in its place')
  const iterations = Number(count)
  if (iterations < FEWEST_ITERATIONS || iterations > MOST_ITERATIONS)
    throw refuse(
      `the broker asks for ${iterations} iterations; ${FEWEST_ITERATIONS} to ${MOST_ITERATIONS} are accepted; ` +
        'set the password of the user anew, with a count between these',
    )

  const salted = await derive(password, Buffer.from(salt, 'base64'), iterations, keyBytes, digest)
  const clientKey = hmac(salted, 'Client Key')
  const storedKey = createHash(digest).update(clientKey).digest()
  const clientFinal = `c=${Buffer.from(GS2_HEADER).toString('base64')},r=${serverNonce}`
  const said = `${clientFirst},${serverFirst},${clientFinal}`
  const signature = hmac(storedKey, said)
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)))
  const serverFinal = (await exchange(Buffer.from(`${clientFinal},p=${proof.toString('base64')}`))).toString()

  const [, verifier, error] = SERVER_FINAL.exec(serverFinal) ?? []
  if (error !== undefined) throw refuse(`the broker refuses the proof of the password: ${describe(error)}`)
  if (verifier === undefined) throw refuse(`the last message of the broker cannot be read: ${describe(serverFinal)}`)
  const expected = hmac(hmac(salted, 'Server Key'), said)
  const given = Buffer.from(verifier, 'base64')
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw refuse('the broker does not prove that it knows the password; somebody may be answering in its place')
}
