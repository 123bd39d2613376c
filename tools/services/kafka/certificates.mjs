import { createPrivateKey, generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

const DAY_MS = 86_400_000

/** A new authority that signs certificates. */
export async function createAuthority(commonName) {
  const pair = await keyPair()
  const extensions = [
    { name: 'basicConstraints', critical: true, cA: true },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
  ]
  const subject = [{ name: 'commonName', value: commonName }]
  const made = await sign({
    subject,
    issuer: subject,
    publicKey: pair.publicKey,
    signWith: pair.privateKey,
    extensions,
  })
  return { cert: made, key: pair.privateKey, subject }
}

/**
 * A certificate signed by an authority, with its key, both as PEM. `hosts`: its names and IPv4 addresses; without any it is
 * the certificate of a client. `expired`: it expired yesterday. `passphrase`: encrypts the key.
 */
export async function createCertificate(authority, { commonName, hosts = [], expired = false, passphrase }) {
  const { publicKey, privateKey } = await keyPair()
  const isServer = hosts.length > 0
  const extensions = [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: isServer, clientAuth: !isServer },
    ...(isServer ? [{ name: 'subjectAltName', altNames: hosts.map((host) => altName(host)) }] : []),
  ]
  const cert = await sign({
    subject: [{ name: 'commonName', value: commonName }],
    issuer: authority.subject,
    publicKey,
    signWith: authority.key,
    extensions,
    untilMs: Date.now() + (expired ? -1 : 1) * DAY_MS,
  })
  return { cert, key: passphrase === undefined ? privateKey : encrypt(privateKey, passphrase) }
}

function encrypt(key, passphrase) {
  return createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
}

async function sign({ subject, issuer, publicKey, signWith, extensions, untilMs = Date.now() + DAY_MS }) {
  const { default: forge } = await import('node-forge') // when it is installed
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey)
  // The first byte makes the number positive.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`
  certificate.validity.notBefore = new Date(untilMs - 30 * DAY_MS)
  certificate.validity.notAfter = new Date(untilMs)
  certificate.setSubject(subject)
  certificate.setIssuer(issuer)
  certificate.setExtensions(extensions)
  certificate.sign(forge.pki.privateKeyFromPem(signWith), forge.md.sha256.create())
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n')
}

const altName = (host) => (/^[\d.]+$/.test(host) ? { type: 7, ip: host } : { type: 2, value: host })

/** Node makes a pair in a tenth of the time that forge takes. */
function keyPair() {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}
