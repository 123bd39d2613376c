import { createPrivateKey, generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

const DAY_MS = 86_400_000

/** An authority that signs certificates, made anew. */
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
 * A certificate of an authority, with its key, both as PEM. `hosts`: names and addresses of IPv4 it is for; without any it
 * is a client's. `expired`: since yesterday. `passphrase`: encrypts the key.
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
  // Positive, whatever the first bit.
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

/** Made by Node, which takes a tenth of the time. */
function keyPair() {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}
