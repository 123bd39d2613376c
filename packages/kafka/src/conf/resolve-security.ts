import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { toError } from '@snapstream/core'
import type { ClientSettings, TlsSettings } from '../driver/driver.ts'
import { reveal, secret, withSecrets } from './secret.ts'
import type { Secret } from './secret.ts'
import { PRIVATE_KEY } from './setting-table.ts'
import { DEFAULTS, SASL_SETTINGS, TLS_SETTINGS, hasSasl, hasTls } from './settings.ts'
import type { SecurityProtocol, SettingName, Settings } from './settings.ts'
import { usage, warnOnce } from './usage.ts'

/**
 * How connections are secured. Nothing is guessed: what asks for more than `securityProtocol` gives is refused. `offline`:
 * there will be no connection, so that no file is looked at. Throws `USAGE`.
 */
export function resolveSecurity(given: Settings, offline: boolean): Pick<ClientSettings, 'tls' | 'sasl'> {
  const protocol = given.securityProtocol
  refuseUnused(given, protocol)
  if (protocol === undefined) return {}
  return {
    ...(hasTls(protocol) && !offline ? { tls: resolveTls(given) } : {}),
    ...(hasSasl(protocol) ? { sasl: resolveSasl(given, protocol) } : {}),
  }
}

function refuseUnused(given: Settings, protocol: SecurityProtocol | undefined): void {
  const tls = listed(given, TLS_SETTINGS)
  const sasl = listed(given, SASL_SETTINGS)
  if (protocol === undefined && sasl !== '')
    throw usage(
      `${sasl} given without securityProtocol: connections would be in plain text, with the password in it; ` +
        "give securityProtocol 'sasl_ssl', or 'sasl_plaintext' where nobody can listen",
    )
  if (protocol === undefined && tls !== '')
    throw usage(
      `${tls} given without securityProtocol: connections would be in plain text; give securityProtocol 'ssl', ` +
        "or 'sasl_ssl' with saslUsername and saslPassword",
    )
  if (protocol !== undefined && !hasSasl(protocol) && sasl !== '')
    throw usage(
      `${sasl} given, and securityProtocol '${protocol}' has no use for it; ` +
        `make that '${hasTls(protocol) ? 'sasl_ssl' : 'sasl_plaintext'}', or leave it out`,
    )
  if (protocol !== undefined && !hasTls(protocol) && tls !== '')
    throw usage(
      `${tls} given, and securityProtocol '${protocol}' does not encrypt; ` +
        `make that '${hasSasl(protocol) ? 'sasl_ssl' : 'ssl'}', or leave it out`,
    )
}

function resolveSasl(given: Settings, protocol: SecurityProtocol): NonNullable<ClientSettings['sasl']> {
  const { saslMechanism: mechanism, saslUsername: username, saslPassword: password } = given
  if (mechanism === undefined || username === undefined || password === undefined) {
    const missing = SASL_SETTINGS.filter((name) => given[name] === undefined)
    throw usage(`securityProtocol '${protocol}' needs ${SASL_SETTINGS.join(', ')}; missing: ${missing.join(', ')}`)
  }
  if (mechanism === 'PLAIN' && protocol === 'sasl_plaintext')
    warnOnce(
      "saslMechanism 'PLAIN' over securityProtocol 'sasl_plaintext' sends the password as it is, for everybody on " +
        "the way to read; use 'sasl_ssl', or a SCRAM mechanism",
    )
  return withSecrets({ mechanism, username }, { password })
}

function listed(given: Settings, names: readonly SettingName[]): string {
  const there = names.filter((name) => given[name] !== undefined)
  return there.length === 0 ? '' : `${there.join(', ')} ${there.length > 1 ? 'are' : 'is'}`
}

/** Certificates and keys, read from their files and tried out. Throws `USAGE`. */
function resolveTls(given: Settings): TlsSettings {
  const ca = certificatesOf(given, 'sslCa', 'sslCaLocation')
  const cert = certificatesOf(given, 'sslCert', 'sslCertLocation')
  const key = keyOf(given)
  const passphrase = given.sslKeyPassword
  if ((cert === undefined) !== (key === undefined))
    throw usage(
      cert === undefined
        ? "a client's private key is given without its certificate; give sslCert or sslCertLocation"
        : "a client's certificate is given without its private key; give sslKey or sslKeyLocation",
    )
  if (passphrase !== undefined && key === undefined)
    throw usage('sslKeyPassword is given without a private key; give sslKey or sslKeyLocation')
  const settings = withSecrets(
    {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      checkHostname: given.sslCheckHostname ?? DEFAULTS.sslCheckHostname,
    },
    { key, passphrase },
  )
  try {
    createSecureContext({ ca: parsed(ca), cert: parsed(cert), key: settings.key, passphrase: settings.passphrase })
  } catch (thrown) {
    const cause = toError(thrown)
    throw usage(
      `the certificates and the key cannot be used together (${cause.message}); check that the key belongs to the ` +
        'certificate, that sslKeyPassword is its password, and that nothing of them is cut off',
      cause,
    )
  }
  return settings
}

function certificatesOf(
  given: Settings,
  text: 'sslCa' | 'sslCert',
  file: 'sslCaLocation' | 'sslCertLocation',
): string | undefined {
  refuseBoth(given, text, file)
  const path = given[file]
  if (path === undefined) return given[text]
  // There may be a key beside them, which is not to be handed on.
  const found = blocksOf(read(path, file))
  if (found.length === 0)
    throw usage(`the file ${JSON.stringify(path)} of ${file} has no certificate in PEM (-----BEGIN CERTIFICATE-----)`)
  return found.join('\n')
}

/** The same, once each could be read: Node passes over an authority it cannot read, and then trusts nobody. */
function parsed(pem: string | undefined): string | undefined {
  if (pem === undefined) return undefined
  return blocksOf(pem)
    .map((one) => new X509Certificate(one).toString())
    .join('')
}

/** Each certificate of a PEM text; the last may lack its end. */
function blocksOf(pem: string): readonly string[] {
  return pem.match(/-----BEGIN ([A-Z ]*CERTIFICATE)-----(?:[^]*?-----END \1-----|[^]*$)/g) ?? []
}

function keyOf(given: Settings): Secret | undefined {
  refuseBoth(given, 'sslKey', 'sslKeyLocation')
  const path = given.sslKeyLocation
  if (path === undefined) return given.sslKey
  const found = secret(read(path, 'sslKeyLocation'))
  if (!PRIVATE_KEY.test(reveal(found)))
    throw usage(
      `the file ${JSON.stringify(path)} of sslKeyLocation has no private key in PEM (-----BEGIN PRIVATE KEY-----)`,
    )
  return found
}

function refuseBoth(given: Settings, text: SettingName, file: SettingName): void {
  if (given[text] !== undefined && given[file] !== undefined)
    throw usage(`${text} and ${file} are given, and are two ways to give one thing; give one`)
}

function read(path: string, setting: SettingName): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    const cause = toError(thrown)
    throw usage(`the file ${JSON.stringify(path)} of ${setting} cannot be read: ${cause.message}`, cause)
  }
}
