import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { SnapstreamError } from '@snapstream/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { confWarnings } from '../fixtures/conf-warnings.ts'
import { createAuthority, createCertificate } from '@snapstream/services'
import type { KafkaConf } from './kafka-conf.ts'
import { mergeSettings } from './settings.ts'
import { parseSettings } from './parse-settings.ts'
import { resolveSecurity } from './resolve-security.ts'

const resolve = (conf: KafkaConf, own: KafkaConf = {}, offline = false) =>
  resolveSecurity(mergeSettings(parseSettings(conf, 'Conf'), parseSettings(own, 'conf')), offline)

function usage(conf: KafkaConf, own: KafkaConf = {}): SnapstreamError {
  try {
    resolve(conf, own)
  } catch (error) {
    if (SnapstreamError.is(error) && error.code === 'USAGE') return error
    throw error
  }
  throw new Error('it was taken')
}

const warn = confWarnings()

const alice = { saslMechanism: 'SCRAM-SHA-256', saslUsername: 'alice', saslPassword: 'sesame' } as const

describe('SASL', () => {
  test('comes from the protocol and the three settings of SASL', () => {
    const { sasl, tls } = resolve({ securityProtocol: 'SASL_SSL', ...alice })
    expect({ ...sasl }).toEqual({ mechanism: 'SCRAM-SHA-256', username: 'alice', password: 'sesame' })
    expect({ ...tls }).toEqual({ checkHostname: true })
  })

  test('credentials without a protocol are not sent in plain text but refused', () => {
    expect(usage(alice).message).toBe(
      'saslMechanism, saslUsername, saslPassword are given without securityProtocol: the password would be sent in plain ' +
        "text; set securityProtocol to 'sasl_ssl', or to 'sasl_plaintext' in a trusted network",
    )
  })

  test.each([
    ['ssl', "set it to 'sasl_ssl'"],
    ['plaintext', "set it to 'sasl_plaintext'"],
  ] as const)('credentials are refused with the protocol %s', (securityProtocol, todo) => {
    expect(usage({ securityProtocol, ...alice }).message).toContain(todo)
  })

  test.each(['saslMechanism', 'saslUsername', 'saslPassword'] as const)('%s must not be missing', (name) => {
    expect(usage({ securityProtocol: 'sasl_ssl', ...alice, [name]: undefined }).message).toBe(
      `securityProtocol 'sasl_ssl' needs saslMechanism, saslUsername, saslPassword; missing: ${name}`,
    )
  })

  test('a password in plain text is warned about once', () => {
    const conf = { securityProtocol: 'sasl_plaintext', ...alice, saslMechanism: 'PLAIN' } as const
    resolve(conf)
    resolve(conf)
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0]?.[0]).toContain('sends the password in plain text')
  })

  test('SCRAM in plain text, and a password over TLS, are not', () => {
    resolve({ securityProtocol: 'sasl_plaintext', ...alice })
    resolve({ securityProtocol: 'sasl_ssl', ...alice, saslMechanism: 'PLAIN' })
    expect(warn).not.toHaveBeenCalled()
  })

  test('a protocol removes earlier settings that it does not use', () => {
    const conf = { securityProtocol: 'sasl_ssl', ...alice } as const
    expect(resolve(conf, { securityProtocol: 'plaintext' })).toEqual({})
    expect(Object.keys(resolve(conf, { securityProtocol: 'ssl' }))).toEqual(['tls'])
    expect(resolve(conf, { saslPassword: 'simsim' }).sasl?.password).toBe('simsim')
  })
})

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'snapstream-tls-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const pem = { ca: '', cert: '', key: '', otherKey: '' }
  beforeAll(async () => {
    const authority = await createAuthority('test')
    const client = await createCertificate(authority, { commonName: 'client', passphrase: 'sesame' })
    const other = await createCertificate(authority, { commonName: 'other' })
    Object.assign(pem, { ca: authority.cert, ...client, otherKey: other.key })
  }, 30_000)

  test('is off unless it is asked for', () => {
    expect(resolve({})).toEqual({})
    expect(resolve({ securityProtocol: 'plaintext' })).toEqual({})
  })

  test('takes PEM as text', () => {
    const { tls } = resolve({
      'security.protocol': 'SSL',
      'ssl.ca.pem': pem.ca,
      'ssl.certificate.pem': pem.cert,
      'ssl.key.pem': pem.key,
      'ssl.key.password': 'sesame',
      'ssl.endpoint.identification.algorithm': '',
    })
    expect({ ...tls }).toEqual({
      ca: pem.ca,
      cert: pem.cert,
      key: pem.key,
      passphrase: 'sesame',
      checkHostname: false,
    })
  })

  test('takes PEM from files, and no key along with a certificate', () => {
    const both = file('both.pem', `${pem.key}\n${pem.cert}`)
    const { tls } = resolve({
      securityProtocol: 'ssl',
      sslCaLocation: file('ca.pem', `# ours\n${pem.ca}\n`),
      sslCertLocation: both,
      sslKeyLocation: both,
      sslKeyPassword: 'sesame',
    })
    expect(tls?.ca).toBe(pem.ca.trim())
    expect(tls?.cert).toBe(pem.cert.trim())
    expect(tls?.key).toContain(pem.key)
  })

  test('text takes the place of a file that was set before, and the other way round', () => {
    const ca = file('ca.pem', pem.ca)
    expect(resolve({ securityProtocol: 'ssl', sslCaLocation: '/none' }, { sslCa: pem.ca }).tls?.ca).toBe(pem.ca)
    expect(resolve({ securityProtocol: 'ssl', sslCa: pem.cert }, { sslCaLocation: ca }).tls?.ca).toBe(pem.ca.trim())
    expect(usage({ securityProtocol: 'ssl', sslCa: pem.ca, sslCaLocation: ca }).message).toContain('leave one out')
  })

  test('certificates without a protocol, or with one that has no use for them, are refused', () => {
    expect(usage({ sslCa: pem.ca }).message).toContain('sslCa is given without securityProtocol')
    expect(usage({ sslCa: pem.ca, securityProtocol: 'plaintext' }).message).toContain("set it to 'ssl'")
    expect(usage({ sslCa: pem.ca, ...alice, securityProtocol: 'sasl_plaintext' }).message).toContain(
      "set it to 'sasl_ssl'",
    )
  })

  test('a certificate without a key, a key without one, and a password of neither are refused', () => {
    const conf = { securityProtocol: 'ssl' } as const
    expect(usage({ ...conf, sslCert: pem.cert }).message).toContain('give sslKey or sslKeyLocation')
    expect(usage({ ...conf, sslKey: pem.key }).message).toContain('give sslCert or sslCertLocation')
    expect(usage({ ...conf, sslKeyPassword: 'sesame' }).message).toContain('without a private key')
  })

  test.each([
    ['a wrong password', () => ({ sslCert: pem.cert, sslKey: pem.key, sslKeyPassword: 'simsim' })],
    ['no password', () => ({ sslCert: pem.cert, sslKey: pem.key })],
    ['another key', () => ({ sslCert: pem.cert, sslKey: pem.otherKey })],
    ['half a certificate', () => ({ sslCa: pem.ca.slice(0, 200) })],
  ])('%s is found out before anything is sent, and shows no secret', (_, conf) => {
    const error = usage({ securityProtocol: 'ssl', ...conf() })
    expect(error.message).toContain('the certificates and the key cannot be used together')
    expect(error.cause).toBeInstanceOf(Error)
    const body = pem.key.split('\n')[3] ?? ''
    expect(body).not.toBe('')
    const shown = inspect(error, { depth: Infinity, showHidden: true })
    for (const part of ['sesame', 'simsim', body]) expect(shown).not.toContain(part)
  })

  test('files that are missing, or hold something else, are named', () => {
    const conf = { securityProtocol: 'ssl' } as const
    expect(usage({ ...conf, sslCaLocation: join(folder, 'none.pem') }).message).toMatch(
      /none\.pem.*sslCaLocation.*ENOENT/,
    )
    const key = file('key.pem', pem.key)
    expect(usage({ ...conf, sslCaLocation: key }).message).toContain('has no certificate in PEM')
    const cert = file('cert.pem', pem.cert)
    expect(usage({ ...conf, sslCertLocation: cert, sslKeyLocation: cert }).message).toContain('no private key in PEM')
  })

  test('files are left alone where there is no connection', () => {
    expect(resolve({ securityProtocol: 'ssl', sslCaLocation: '/none' }, {}, true)).toEqual({})
  })

  test('settings of other clients are refused with what to give instead', () => {
    expect(usage({ 'enable.ssl.certificate.verification': false } as object).message).toContain('sslCaLocation')
    expect(resolve({ 'enable.ssl.certificate.verification': true, 'ssl.keystore.type': 'PEM' } as object)).toEqual({})
    const jaas = usage({ 'sasl.jaas.config': 'PlainLoginModule required password="sesame";' } as object)
    expect(jaas.message).toBe('Conf: leave out sasl.jaas.config: give saslUsername and saslPassword')
  })

  test('a key among the certificates, and text in place of a file, are refused and not shown', () => {
    for (const wrong of [{ sslCert: pem.key + pem.cert }, { sslKeyLocation: pem.otherKey }, { sslCa: 'sesame' }]) {
      const shown = inspect(usage({ securityProtocol: 'ssl', ...wrong }))
      expect(shown).toContain('that is not shown')
      expect(shown).not.toMatch(/PRIVATE KEY-----\n|sesame/)
    }
  })
})
