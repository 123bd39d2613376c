import { randomBytes } from 'node:crypto'
import { createAuthority, createCertificate } from './certificates.mjs'
import { freePorts } from '../process/free-port.mjs'

const HOST = '127.0.0.1'
const HERE = ['localhost', HOST]
/** The security protocols of the listeners, by their names in `addresses`. */
const PROTOCOLS = {
  plaintext: 'PLAINTEXT',
  ssl: 'SSL',
  saslPlaintext: 'SASL_PLAINTEXT',
  saslSsl: 'SASL_SSL',
  mutualSsl: 'SSL',
  expiredSsl: 'SSL',
  elsewhereSsl: 'SSL',
}

/**
 * The certificates, users and settings of a broker that listens with every security protocol. `forClients` is the
 * `SecureBroker` of index.d.mts.
 */
export async function kafkaSecurity({ port, controllerPort }) {
  const [authority, otherAuthority] = await Promise.all([
    createAuthority('snapstream test authority'),
    createAuthority('another authority'),
  ])
  const passphrase = randomBytes(12).toString('hex')
  const [broker, expired, elsewhere, client, strange] = await Promise.all([
    createCertificate(authority, { commonName: 'broker', hosts: HERE }),
    createCertificate(authority, { commonName: 'expired', hosts: HERE, expired: true }),
    createCertificate(authority, { commonName: 'elsewhere', hosts: ['elsewhere.example'] }),
    createCertificate(authority, { commonName: 'client', passphrase }),
    createCertificate(otherAuthority, { commonName: 'stranger' }),
  ])
  const user = { username: 'alice', password: `open-sesame-${randomBytes(12).toString('hex')}` }
  const names = Object.keys(PROTOCOLS)
  const ports = [port, ...(await freePorts(names.length - 1))]
  const at = new Map(names.map((name, i) => [name, `${HOST}:${ports[i]}`]))
  return {
    settings: {
      ...listeners(at, controllerPort),
      ...certificateOf('ssl', broker, authority),
      ...certificateOf('saslssl', broker, authority),
      ...certificateOf('mutualssl', broker, authority),
      ...certificateOf('expiredssl', expired, authority),
      ...certificateOf('elsewheressl', elsewhere, authority),
      'listener.name.mutualssl.ssl.client.auth': 'required',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      ...logins('saslplaintext', user),
      ...logins('saslssl', user),
    },
    scram: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map(
      (mechanism) => `${mechanism}=[name=${user.username},password=${user.password}]`,
    ),
    forClients: {
      addresses: Object.fromEntries(at),
      ca: authority.cert,
      otherCa: otherAuthority.cert,
      client: { ...client, passphrase },
      strangeClient: strange,
      ...user,
    },
  }
}

function listeners(at, controllerPort) {
  const all = [...at].map(([name, address]) => [`${name.toUpperCase()}://${address}`, name])
  const map = Object.entries(PROTOCOLS).map(([name, protocol]) => `${name.toUpperCase()}:${protocol}`)
  return {
    listeners: [...all.map(([url]) => url), `CONTROLLER://${HOST}:${controllerPort}`].join(','),
    'advertised.listeners': all.map(([url]) => url).join(','),
    'listener.security.protocol.map': [...map, 'CONTROLLER:PLAINTEXT'].join(','),
  }
}

/** The certificates of a listener, as text in the settings, so that the broker needs no files. */
function certificateOf(listener, { cert, key }, authority) {
  const prefix = `listener.name.${listener}.ssl`
  const inOneLine = (pem) => pem.trim().replaceAll('\n', String.raw`\n`)
  return {
    [`${prefix}.keystore.type`]: 'PEM',
    [`${prefix}.keystore.certificate.chain`]: inOneLine(cert),
    [`${prefix}.keystore.key`]: inOneLine(key),
    [`${prefix}.truststore.type`]: 'PEM',
    [`${prefix}.truststore.certificates`]: inOneLine(authority.cert),
  }
}

function logins(listener, { username, password }) {
  const security = 'org.apache.kafka.common.security'
  const scram = `${security}.scram.ScramLoginModule required;`
  return {
    [`listener.name.${listener}.plain.sasl.jaas.config`]: `${security}.plain.PlainLoginModule required user_${username}="${password}";`,
    [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`]: scram,
    [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`]: scram,
  }
}
