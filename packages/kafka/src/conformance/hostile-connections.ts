import { createHmac, pbkdf2Sync } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SaslSettings } from '../driver/driver.ts'
import {
  NOTHING,
  apiVersions,
  array,
  fetched,
  framed,
  int16,
  int32,
  saslAnswer,
  sized,
  string,
} from './fake-answers.ts'
import type { FakeAnswer, FakeRequest } from './fake-answers.ts'
import { LARGEST, answering, random } from './hostile-case.ts'
import type { Answers, HostileCase, Rest } from './hostile-case.ts'

/** The answer to ApiVersions in a version that the broker does not know. */
const TOO_NEW = Buffer.concat([int16(35), array([])])
const [UNSUPPORTED_MECHANISM, ILLEGAL_STATE, WRONG_PASSWORD] = [33, 34, 58]

/** Faults of connections, during the handshake and later. */
export function hostileConnections(): HostileCase[] {
  return [...strangers(), ...frames(), ...users()]
}

/** The peer is no broker, or fails before it can act as one. */
function strangers(): HostileCase[] {
  const says = (name: string, onConnect: (socket: Socket) => void, expect: RegExp, rest: Rest = {}): HostileCase => ({
    name,
    does: 'ask',
    script: { onConnect },
    expect,
    ...rest,
  })
  const first = (bytes: Buffer) => (socket: Socket) => void socket.once('data', () => socket.write(bytes))
  const UNREACHABLE = /^BROKER_UNREACHABLE: no Kafka broker answers at 127\.0\.0\.1:\d+/
  return [
    says('never answers', () => {}, UNREACHABLE),
    says('closes at once', (socket) => socket.destroy(), UNREACHABLE),
    says('resets the connection', (socket) => socket.resetAndDestroy(), UNREACHABLE),
    says('closes its half at once', (socket) => socket.end(), UNREACHABLE),
    says('answers before it is asked', (socket) => socket.write(sized(Buffer.alloc(10))), UNREACHABLE),
    says('sends a frame of no bytes', first(int32(0)), UNREACHABLE),
    says('sends a frame that holds no number', first(Buffer.concat([int32(3), random(3)])), UNREACHABLE),
    says('sends a length below zero', first(int32(-1)), UNREACHABLE),
    says('sends random bytes', first(random(5000)), UNREACHABLE),
    says('announces 2 GB, and sends them', flood, UNREACHABLE),
    says('speaks HTTP', first(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')), UNREACHABLE),
    says('speaks TLS', first(Buffer.from([0x15, 3, 3, 0, 2, 2, 0x50])), UNREACHABLE),
    says('sends one byte at a time', (socket) => drip(socket, sized(Buffer.alloc(500))), UNREACHABLE),
    says('answers TLS in plain text', first(random(200)), /^TLS_REFUSED/, { tls: true }),
    says('answers TLS with a piece of TLS', first(Buffer.from([0x16, 3, 3, 1, 0, 2])), UNREACHABLE, { tls: true }),
    says('does not answer TLS', () => {}, UNREACHABLE, { tls: true }),
    says('closes instead of TLS', (socket) => void socket.once('data', () => socket.destroy()), UNREACHABLE, {
      tls: true,
    }),
    answering(
      'knows no request',
      'ask',
      { ApiVersions: ({ version }) => apiVersions(version, []) },
      /^UNSUPPORTED: .*Metadata/,
    ),
    answering(
      'supports only versions of the future',
      'ask',
      { ApiVersions: ({ version }) => apiVersions(version, [[3, 1000, 2000]]) },
      /^UNSUPPORTED: .*Metadata/,
    ),
    answering(
      'knows versions that contradict each other',
      'ask',
      { ApiVersions: ({ version }) => apiVersions(version, [[3, 6, -1]]) },
      /^UNSUPPORTED: .*Metadata/,
    ),
    answering(
      'says that it knows two billion requests',
      'ask',
      { ApiVersions: () => Buffer.concat([int16(0), Buffer.from('ffffffff07', 'hex'), random(60)]) },
      /^KAFKA_FAILED: .*ApiVersions cannot be read/,
    ),
    answering(
      'says in the oldest version that it knows two billion requests',
      'ask',
      { ApiVersions: ({ version }) => (version > 0 ? TOO_NEW : Buffer.concat([int16(0), int32(LARGEST), random(60)])) },
      /^KAFKA_FAILED: .*ApiVersions cannot be read/,
    ),
    answering(
      'has a feature that ends beyond its answer',
      'ask',
      { ApiVersions: () => Buffer.concat([int16(0), Buffer.from('01000000000102ffffff07', 'hex')]) },
      /^KAFKA_FAILED: .*ApiVersions cannot be read/,
    ),
    answering(
      'has two billion features',
      'ask',
      { ApiVersions: () => Buffer.concat([int16(0), Buffer.from('0100000000010205ffffffff07', 'hex')]) },
      /^KAFKA_FAILED: .*ApiVersions cannot be read/,
    ),
    answering('does not say what it knows', 'ask', { ApiVersions: () => TOO_NEW }, /^UNSUPPORTED: .*API versions/),
  ]
}

/** The peer acts as a broker until a request comes. */
function frames(): HostileCase[] {
  const instead = (name: string, act: (request: FakeRequest) => void, expect: RegExp, rest: Rest = {}) =>
    answering(name, 'read', { Fetch: () => act }, expect, { told: true, ...rest })
  const raw = (bytes: Buffer) => (request: FakeRequest) => void request.socket.write(bytes)
  const TROUBLE = /^BROKER_UNREACHABLE: .*the broker 127\.0\.0\.1:\d+ /
  const NO_ANSWER = /^BROKER_UNREACHABLE: .*sent invalid bytes instead of an answer to Fetch/
  return [
    instead('answers with a frame of no bytes', raw(int32(0)), NO_ANSWER),
    instead('answers with a frame that holds no number', raw(Buffer.concat([int32(3), random(3)])), NO_ANSWER),
    instead('answers with a length below zero', raw(int32(-1)), NO_ANSWER),
    instead('answers with random bytes', raw(random(5000)), NO_ANSWER),
    instead(
      'answers with more than receiveMaxBytes',
      raw(int32(2 ** 20 + 1)),
      /^BROKER_UNREACHABLE: .*receiveMaxBytes is 1048576/,
    ),
    instead('answers 2 GB', (request) => flood(request.socket), NO_ANSWER),
    instead(
      'answers another request',
      (request) => request.socket.write(framed({ ...request, correlationId: 4711 }, fetched())),
      /^BROKER_UNREACHABLE: .*sent an answer with the unknown correlation id 4711 /,
    ),
    instead(
      'answers twice',
      (request) => {
        request.socket.write(framed(request, fetched()))
        request.socket.write(framed(request, fetched()))
      },
      /^BROKER_UNREACHABLE: .*sent an answer with the unknown correlation id \d+ /,
    ),
    instead(
      'closes in the middle of an answer',
      (request) => {
        request.socket.end(framed(request, fetched()).subarray(0, 20))
      },
      /^BROKER_UNREACHABLE: .*closed the connection instead of an answer to Fetch/,
    ),
    instead('resets instead of an answer', (request) => void request.socket.resetAndDestroy(), TROUBLE),
    instead(
      'sends one byte of an answer at a time',
      (request) => drip(request.socket, framed(request, fetched())),
      /^BROKER_UNREACHABLE: .*did not answer Fetch within 1100 ms/,
      { silent: true },
    ),
    instead('swallows a request', () => {}, /^BROKER_UNREACHABLE: .*did not answer Fetch within 1100 ms/, {
      silent: true,
    }),
    answering(
      'throttles its client for weeks',
      'read',
      {
        Fetch: ({ socket }) =>
          muted.has(socket) ? () => {} : (muted.add(socket), Buffer.concat([int32(LARGEST), fetched().subarray(4)])),
      },
      /^BROKER_UNREACHABLE: .*did not answer Fetch/,
      { told: true, silent: true },
    ),
  ]
}

const muted = new WeakSet<Socket>()

/** Faults of SASL. */
function users(): HostileCase[] {
  const refused = (
    name: string,
    answers: Answers,
    expect: RegExp,
    sasl: SaslSettings['mechanism'] = 'SCRAM-SHA-256',
    rest: Rest = {},
  ) => answering(name, 'ask', answers, expect, { sasl, ...rest })
  const first = (message: (nonce: string) => string): Answers => ({
    SaslAuthenticate: ({ read, version }) => {
      const nonce = /r=([^,]+)/.exec(read.bytes().toString())?.[1] ?? ''
      return saslAnswer(version, Buffer.from(message(nonce)))
    },
  })
  const salt = Buffer.from('salt').toString('base64')
  const asksFor = (iterations: string) => first((nonce) => `r=${nonce}server,s=${salt},i=${iterations}`)
  const NOT_READ = /^AUTHENTICATION_REFUSED: .*first message of the broker cannot be read/
  return [
    ...['1', '4095', '1000001', '2147483648'].map((count) =>
      refused(
        `asks for ${count} iterations of SCRAM`,
        asksFor(count),
        new RegExp(`^AUTHENTICATION_REFUSED: .*${count} iterations`),
      ),
    ),
    ...['0', '-5', '4096x', '99999999999', ''].map((count) =>
      refused(`asks for "${count}" iterations of SCRAM`, asksFor(count), NOT_READ),
    ),
    refused(
      'gives another nonce',
      first(() => `r=another,s=${salt},i=4096`),
      /^AUTHENTICATION_REFUSED: .*nonce/,
    ),
    refused(
      'adds nothing to the nonce',
      first((nonce) => `r=${nonce},s=${salt},i=4096`),
      /^AUTHENTICATION_REFUSED: .*nonce/,
    ),
    refused(
      'gives no salt',
      first((nonce) => `r=${nonce}server,i=4096`),
      NOT_READ,
    ),
    refused(
      'demands an extension of SCRAM',
      first((nonce) => `m=x,r=${nonce}server,s=${salt},i=4096`),
      NOT_READ,
    ),
    refused(
      'sends something other than SCRAM',
      first(() => '\0\u001b]0;pwned\u0007'.repeat(10_000)),
      NOT_READ,
    ),
    refused(
      'says nothing',
      first(() => ''),
      NOT_READ,
    ),
    refused(
      'does not know the password',
      { SaslAuthenticate: scramServer('wrong') },
      /^AUTHENTICATION_REFUSED: .*does not prove that it knows/,
    ),
    refused(
      'refuses the proof',
      { SaslAuthenticate: scramServer('pencil', 'e=invalid-proof') },
      /^AUTHENTICATION_REFUSED: .*refuses the proof of the password: "invalid-proof"/,
    ),
    refused(
      'ends SCRAM with something else',
      { SaslAuthenticate: scramServer('pencil', 'v') },
      /^AUTHENTICATION_REFUSED: .*last message of the broker cannot be read/,
    ),
    refused(
      'has no such mechanism',
      { SaslHandshake: () => Buffer.concat([int16(UNSUPPORTED_MECHANISM), array([string('GSSAPI')])]) },
      /^AUTHENTICATION_REFUSED: .*GSSAPI/,
    ),
    refused(
      'wants no user',
      { SaslHandshake: () => Buffer.concat([int16(ILLEGAL_STATE), array([])]) },
      /^AUTHENTICATION_REFUSED: .*ILLEGAL_SASL_STATE/,
    ),
    refused(
      'repeats the password it refuses',
      {
        SaslAuthenticate: ({ version }) =>
          saslAnswer(version, NOTHING, { errorCode: WRONG_PASSWORD, said: 'not pencil' }),
      },
      /^AUTHENTICATION_REFUSED: .*contains the password/,
      'PLAIN',
    ),
    refused(
      'answers half of a login',
      { SaslAuthenticate: () => int16(0) },
      /^KAFKA_FAILED: .*SaslAuthenticate cannot be read/,
      'PLAIN',
    ),
    refused('swallows a login', { SaslAuthenticate: () => () => {} }, /^BROKER_UNREACHABLE/, 'PLAIN', { silent: true }),
    refused(
      'answers a login with 2 GB',
      { SaslAuthenticate: () => (request) => flood(request.socket) },
      /^BROKER_UNREACHABLE/,
      'PLAIN',
      { silent: true },
    ),
    refused(
      'answers a login with a frame of no bytes',
      { SaslHandshake: () => (request) => void request.socket.write(int32(0)) },
      /^BROKER_UNREACHABLE/,
      'SCRAM-SHA-256',
      { silent: true },
    ),
    refused(
      'does not support SaslAuthenticate',
      { ApiVersions: ({ version }) => apiVersions(version, [[3, 4, 6]]) },
      /^UNSUPPORTED: .*SaslAuthenticate/,
    ),
  ]
}

/** A frame that claims 2 GB, and bytes for as long as the driver reads them. */
function flood(socket: Socket): void {
  const bytes = Buffer.alloc(1 << 20)
  const send = () => {
    while (!socket.destroyed && socket.write(bytes));
  }
  socket.on('drain', send)
  socket.write(int32(LARGEST))
  send()
}

async function drip(socket: Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    if (socket.destroyed) return
    socket.write(Buffer.from([byte]))
    await sleep(50)
  }
}

/** The broker's side of SCRAM-SHA-256 for a password. @param last the last message, in place of the proof */
function scramServer(password: string, last?: string): (request: FakeRequest) => FakeAnswer {
  let first = ''
  let second = ''
  return ({ read, version }) => {
    const message = read.bytes().toString()
    if (message.startsWith('n,,')) {
      first = message.slice(3)
      const nonce = /r=([^,]+)/.exec(first)?.[1] ?? ''
      second = `r=${nonce}server,s=${Buffer.from('salt').toString('base64')},i=4096`
      return saslAnswer(version, Buffer.from(second))
    }
    const salted = pbkdf2Sync(password, 'salt', 4096, 32, 'sha256')
    const key = createHmac('sha256', salted).update('Server Key').digest()
    const said = `${first},${second},${message.replace(/,p=.*$/, '')}`
    const proof = createHmac('sha256', key).update(said).digest('base64')
    return saslAnswer(version, Buffer.from(last ?? `v=${proof}`))
  }
}
