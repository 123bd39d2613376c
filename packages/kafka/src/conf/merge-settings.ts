import type { SecurityProtocol, SettingName, Settings } from './settings.ts'

type Names = readonly SettingName[]

/** What can be given as text or as a file. */
const TEXT_OR_FILE = [
  ['sslCa', 'sslCaLocation'],
  ['sslCert', 'sslCertLocation'],
  ['sslKey', 'sslKeyLocation'],
] as const satisfies readonly Names[]

/** What only makes sense over TLS. */
export const TLS_SETTINGS = [...TEXT_OR_FILE.flat(), 'sslKeyPassword'] as const satisfies Names
export const SASL_SETTINGS = ['saslMechanism', 'saslUsername', 'saslPassword'] as const satisfies Names

export const hasTls = (protocol: SecurityProtocol): boolean => protocol.endsWith('ssl')
export const hasSasl = (protocol: SecurityProtocol): boolean => protocol.startsWith('sasl')

/**
 * One set of settings laid over another. What is given as text takes the place of a file given earlier, and the other way
 * round; a `securityProtocol` lays aside the earlier settings it has no use for.
 */
export function mergeSettings(under: Settings, over: Settings): Settings {
  const unused = new Set<SettingName>()
  for (const [text, file] of TEXT_OR_FILE) {
    if (over[text] !== undefined) unused.add(file)
    if (over[file] !== undefined) unused.add(text)
  }
  if (over.securityProtocol !== undefined) {
    if (!hasTls(over.securityProtocol)) for (const name of TLS_SETTINGS) unused.add(name)
    if (!hasSasl(over.securityProtocol)) for (const name of SASL_SETTINGS) unused.add(name)
  }
  const kept = Object.entries(under).filter(([name]) => !unused.has(name as SettingName))
  return { ...Object.fromEntries(kept), ...over }
}
