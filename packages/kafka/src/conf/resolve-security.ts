import type { ClientSettings } from '../driver/driver.ts'
import { SASL_SETTINGS, TLS_SETTINGS, hasSasl, hasTls } from './merge-settings.ts'
import { resolveTls } from './resolve-tls.ts'
import { withSecrets } from './secret.ts'
import type { SecurityProtocol, SettingName, Settings } from './settings.ts'
import { warnOnce } from './warn-once.ts'
import { usage } from './usage.ts'

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
