import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { SnapstreamError, describe } from '@snapstream/core'
import type { SaslSettings } from '../../driver/driver.ts'

/** Sends a message of the client, and resolves with the broker's answer. */
type Exchange = (message: Buffer) => Promise<Buffer>

/** The fewest iterations that RFC 7677 and brokers allow. */
const FEWEST_ITERATIONS = 4096
/** 60 times the largest number that Kafka's own tools store (16,384). Deriving the key then takes one thread about a second. */
const MOST_ITERATIONS = 1_000_000
const NONCE_BYTES = 24
const SERVER_FIRST = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9]\d{0,9})(?:,.*)?$/s
const SERVER_FINAL = /^(?:v=([A-Za-z0-9+/]+={0,2})|e=([^,]*))(?:,.*)?$/s
/** No channel binding, and no authorization identity beside the user. */
const GS2_HEADER = 'n,,'

const derive = promisify(pbkdf2)

/**
 * SCRAM (RFC 5802): client and broker prove to each other that they know the password. Rejects with `AUTHENTICATION_REFUSED`
 * if the broker does not prove it, or refuses the proof of the client. Also if it asks for too few iterations, since the
 * password could be guessed from such a proof, or for too many. Another thread derives the key from the password.
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
    throw refuse('the nonce of the broker does not extend that of the client; another server may answer in its place')
  const iterations = Number(count)
  if (iterations < FEWEST_ITERATIONS || iterations > MOST_ITERATIONS)
    throw refuse(
      `the broker asks for ${iterations} iterations; the client accepts ${FEWEST_ITERATIONS} to ${MOST_ITERATIONS}; ` +
        "set the user's password again, with a number of iterations in this range",
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
    throw refuse('the broker does not prove that it knows the password; another server may answer in its place')
}
