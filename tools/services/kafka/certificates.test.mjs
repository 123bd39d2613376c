import { X509Certificate, createPrivateKey } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { createAuthority, createCertificate } from './certificates.mjs'

describe('certificates', { timeout: 30_000 }, () => {
  let authority
  beforeAll(async () => {
    authority = await createAuthority('an authority')
  })
  const isSignedBy = (cert, { cert: by }) => cert.verify(new X509Certificate(by).publicKey)

  test('are for their hosts, signed by their authority and valid now', async () => {
    const other = await createAuthority('an authority')
    const made = await createCertificate(authority, { commonName: 'a broker', hosts: ['localhost', '127.0.0.1'] })
    const cert = new X509Certificate(made.cert)
    expect([isSignedBy(cert, authority), isSignedBy(cert, other), cert.ca]).toEqual([true, false, false])
    expect([cert.checkHost('localhost'), cert.checkIP('127.0.0.1')]).toEqual(['localhost', '127.0.0.1'])
    expect(cert.checkHost('elsewhere.example')).toBeUndefined()
    expect(Date.parse(cert.validFrom)).toBeLessThan(Date.now())
    expect(Date.parse(cert.validTo)).toBeGreaterThan(Date.now())
    expect(cert.checkPrivateKey(createPrivateKey(made.key))).toBe(true)
  })

  test('can be expired', async () => {
    const { cert } = await createCertificate(authority, { commonName: 'old', hosts: ['localhost'], expired: true })
    expect(Date.parse(new X509Certificate(cert).validTo)).toBeLessThan(Date.now())
  })

  test('come with a key that can be encrypted', async () => {
    const { cert, key } = await createCertificate(authority, { commonName: 'a client', passphrase: 'sesame' })
    expect(key).toContain('ENCRYPTED PRIVATE KEY')
    expect(() => createPrivateKey({ key, passphrase: 'wrong' })).toThrow(/error:/)
    const opened = createPrivateKey({ key, passphrase: 'sesame' })
    expect(new X509Certificate(cert).checkPrivateKey(opened)).toBe(true)
  })
})
