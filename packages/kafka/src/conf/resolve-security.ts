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
 * The settings of TLS and SASL. Settings that `securityProtocol` does not use are refused, as nothing is guessed. Throws
 * `USAGE`.
 *
 * @param offline true: the driver does not connect, so that no file is read
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
      `${sasl} given without securityProtocol: the password would be sent in plain text; ` +
        "set securityProtocol to 'sasl_ssl', or to 'sasl_plaintext' in a trusted network",
    )
  if (protocol === undefined && tls !== '')
    throw usage(
      `${tls} given without securityProtocol: connections would be in plain text; set securityProtocol to 'ssl', ` +
        "or to 'sasl_ssl' with saslUsername and saslPassword",
    )
  if (protocol !== undefined && !hasSasl(protocol) && sasl !== '')
    throw usage(
      `${sasl} given, and securityProtocol '${protocol}' does not use SASL; ` +
        `set it to '${hasTls(protocol) ? 'sasl_ssl' : 'sasl_plaintext'}', or leave it out`,
    )
  if (protocol !== undefined && !hasTls(protocol) && tls !== '')
    throw usage(
      `${tls} given, and securityProtocol '${protocol}' does not encrypt; ` +
        `set it to '${hasSasl(protocol) ? 'sasl_ssl' : 'ssl'}', or leave it out`,
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
      "saslMechanism 'PLAIN' over securityProtocol 'sasl_plaintext' sends the password in plain text over the " +
        "network; use 'sasl_ssl', or a SCRAM mechanism",
    )
  return withSecrets({ mechanism, username }, { password })
}

function listed(given: Settings, names: readonly SettingName[]): string {
  const there = names.filter((name) => given[name] !== undefined)
  return there.length === 0 ? '' : `${there.join(', ')} ${there.length > 1 ? 'are' : 'is'}`
}

/** Reads certificates and keys from their files, and checks that they can be used. Throws `USAGE`. */
function resolveTls(given: Settings): TlsSettings {
  const ca = certificatesOf(given, 'sslCa', 'sslCaLocation')
  const cert = certificatesOf(given, 'sslCert', 'sslCertLocation')
  const key = keyOf(given)
  const passphrase = given.sslKeyPassword
  if ((cert === undefined) !== (key === undefined))
    throw usage(
      cert === undefined
        ? 'a private key is given without its certificate; give sslCert or sslCertLocation'
        : 'a certificate is given without its private key; give sslKey or sslKeyLocation',
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
        'certificate, that sslKeyPassword is its password, and that the PEM texts are complete',
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
  // The file may hold a private key too, which is not passed on.
  const found = blocksOf(read(path, file))
  if (found.length === 0)
    throw usage(`the file ${JSON.stringify(path)} of ${file} has no certificate in PEM (-----BEGIN CERTIFICATE-----)`)
  return found.join('\n')
}

/** The certificates, parsed one by one: Node skips an authority that it cannot parse, and then trusts none. */
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
    throw usage(`${text} and ${file} are given, and set the same thing; leave one out`)
}

function read(path: string, setting: SettingName): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    const cause = toError(thrown)
    throw usage(`the file ${JSON.stringify(path)} of ${setting} cannot be read: ${cause.message}`, cause)
  }
}
