import assert from 'node:assert/strict'
import { createApp, SnapstreamError, toError } from '@snapstream/core'
import type { ErrorCode } from '@snapstream/core'
import { Admin } from '../admin/admin.ts'
import type { KafkaConf } from '../conf/kafka-conf.ts'
import { parseSettings } from '../conf/parse-settings.ts'
import { resolveSettings } from '../conf/resolve-settings.ts'
import { Topic } from '../topic/topic.ts'
import { overhear, show } from './overhear.ts'
import type { SecureBroker } from './secure-broker.ts'

type Declare = (name: string, run: () => Promise<void>) => void
type ConfOf = (at: keyof SecureBroker['addresses'], more?: KafkaConf) => KafkaConf

export const LIMIT_MS = 5000
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
const WRONG = 'not-the-password-4711'

export interface SecurityTests {
  readonly broker: () => SecureBroker
  readonly conf: ConfOf
}

const login = ({ username, password }: SecureBroker, saslMechanism: KafkaConf['saslMechanism']) =>
  ({ securityProtocol: 'sasl_ssl', saslMechanism, saslUsername: username, saslPassword: password }) as const

const clientCertificate = ({ client }: SecureBroker) =>
  ({ sslCert: client.cert, sslKey: client.key, sslKeyPassword: client.passphrase }) as const

/** Texts that no output may have: passwords, and a line of each private key. */
const secretsOf = ({ password, client, strangeClient }: SecureBroker): readonly string[] =>
  [
    WRONG,
    password,
    client.passphrase,
    ...[client.key, strangeClient.key].map((key) => key.split('\n')[5] ?? ''),
  ].filter((secret) => secret !== '')

export function acceptedTests(declare: Declare, { broker, conf }: SecurityTests): void {
  const works = (name: string, of: () => KafkaConf) => declare(name, () => roundTrip(of(), secretsOf(broker())))
  works('TLS', () => conf('ssl', { securityProtocol: 'ssl' }))
  works('TLS by the name of the host', () => {
    const [, port] = broker().addresses.ssl.split(':')
    return conf('ssl', { securityProtocol: 'ssl', brokers: `localhost:${port}` })
  })
  works('TLS with a certificate of the client', () =>
    conf('mutualSsl', { securityProtocol: 'ssl', ...clientCertificate(broker()) }),
  )
  works('TLS with the certificate of another host, if that is not checked', () =>
    conf('elsewhereSsl', { securityProtocol: 'ssl', sslCheckHostname: false }),
  )
  for (const mechanism of MECHANISMS) works(`${mechanism} over TLS`, () => conf('saslSsl', login(broker(), mechanism)))
  works('SCRAM-SHA-512 in plain text', () =>
    conf('saslPlaintext', {
      ...login(broker(), 'SCRAM-SHA-512'),
      securityProtocol: 'sasl_plaintext',
      sslCa: undefined,
    }),
  )
}

export function refusedTests(declare: Declare, { broker, conf }: SecurityTests): void {
  const refused = (name: string, code: ErrorCode, says: RegExp, of: () => KafkaConf) =>
    declare(name, () => fails(of(), code, says, secretsOf(broker())))
  for (const mechanism of MECHANISMS) {
    refused(`a wrong password of ${mechanism}`, 'AUTHENTICATION_REFUSED', /password|credentials/, () =>
      conf('saslSsl', { ...login(broker(), mechanism), saslPassword: WRONG }),
    )
    refused(`an unknown user of ${mechanism}`, 'AUTHENTICATION_REFUSED', /password|credentials/, () =>
      conf('saslSsl', { ...login(broker(), mechanism), saslUsername: 'nobody' }),
    )
  }
  refused('a user where there are none', 'AUTHENTICATION_REFUSED', /SASL/i, () =>
    conf('ssl', login(broker(), 'SCRAM-SHA-256')),
  )
  refused('an untrusted certificate', 'TLS_REFUSED', /certificate.*sslCa/, () =>
    conf('ssl', { securityProtocol: 'ssl', sslCa: broker().otherCa }),
  )
  refused('an untrusted certificate, before the password is sent', 'TLS_REFUSED', /certificate.*sslCa/, () =>
    conf('saslSsl', { ...login(broker(), 'PLAIN'), sslCa: broker().otherCa }),
  )
  refused('an expired certificate', 'TLS_REFUSED', /expired/, () => conf('expiredSsl', { securityProtocol: 'ssl' }))
  refused('the certificate of another host', 'TLS_REFUSED', /sslCheckHostname/, () =>
    conf('elsewhereSsl', { securityProtocol: 'ssl' }),
  )
  refused('the certificate of another host, by name', 'TLS_REFUSED', /sslCheckHostname/, () => {
    const [, port] = broker().addresses.elsewhereSsl.split(':')
    return conf('elsewhereSsl', { securityProtocol: 'ssl', brokers: `localhost:${port}` })
  })
  refused('a client without a certificate', 'TLS_REFUSED', /sslCert/, () =>
    conf('mutualSsl', { securityProtocol: 'ssl' }),
  )
  refused('a client with a certificate that is not trusted', 'TLS_REFUSED', /sslCert/, () => {
    const { cert, key } = broker().strangeClient
    return conf('mutualSsl', { securityProtocol: 'ssl', sslCert: cert, sslKey: key })
  })
  refused('TLS where there is none', 'BROKER_UNREACHABLE', /securityProtocol/, () =>
    conf('plaintext', { securityProtocol: 'ssl' }),
  )
  refused('plain text where there is TLS', 'BROKER_UNREACHABLE', /securityProtocol/, () =>
    conf('ssl', { securityProtocol: 'plaintext', sslCa: undefined }),
  )
  refused('nobody where a user is wanted', 'BROKER_UNREACHABLE', /securityProtocol/, () =>
    conf('saslSsl', { securityProtocol: 'ssl' }),
  )
}

/** Creates a topic, writes to it and reads it with a group. No output shows a secret. */
async function roundTrip(conf: KafkaConf, secrets: readonly string[]): Promise<void> {
  const name = `snapstream-security-${crypto.randomUUID()}`
  const said = await overhear(async () => {
    const topic = Topic(name, { create: { partitions: 1 }, groupId: name, until: 'end', conf })
    await topic.open()
    await topic('hello', { key: 'a' })
    await topic.close()
    const read: string[] = []
    const app = createApp()
    app.snap(topic)(({ value }) => void read.push(value))
    await app.stream()
    assert.deepEqual(read, ['hello'])
    await lookAt(conf, { topic, app })
  })
  refuseSecrets(said.text, secrets)
  if (said.error !== undefined) throw said.error
}

/** Prints everything that a driver's connected parts, and the objects made from them, show. */
async function lookAt(conf: KafkaConf, made: object): Promise<void> {
  const operator = Admin(conf)
  await operator.listTopics()
  const settings = resolveSettings(parseSettings(conf, 'conf'))
  const client = settings.driver.client(settings.client)
  const admin = await client.admin()
  const producer = await client.producer(settings.producer)
  const consumer = await client.consumer({
    ...settings.consumer,
    groupId: null,
    topics: [],
    assigned: async () => {},
    revoked: async () => {},
  })
  try {
    console.log(show({ ...made, operator, settings, client, admin, producer, consumer }))
  } finally {
    await Promise.all([operator.close(), admin.close(), producer.close(), consumer.close()])
  }
}

async function fails(conf: KafkaConf, code: ErrorCode, says: RegExp, secrets: readonly string[]): Promise<void> {
  const topic = Topic('snapstream-security', { conf, groupId: null, until: 'end' })
  const app = createApp()
  app.snap(topic)(() => {})
  for (const run of [() => topic.open(), () => app.stream()]) {
    const { error, tookMs, text } = await overhear(run)
    assert.ok(SnapstreamError.is(error), `expected ${code}, got ${toError(error).message}`)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, says)
    assert.ok(tookMs < LIMIT_MS, `it took ${tookMs} ms`)
    assert.ok(error.cause instanceof Error, 'there is a cause')
    refuseSecrets(text, secrets)
  }
}

function refuseSecrets(text: string, secrets: readonly string[]): void {
  for (const secret of secrets)
    assert.ok(!text.includes(secret), `a secret shows: ${text.replaceAll(secret, '<<< HERE >>>')}`)
}
