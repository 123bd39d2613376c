import { inspect } from 'node:util'
import { SnapstreamError } from '@snapstream/core'
import { expect, test } from 'vitest'
import { refusal } from './connection-error.ts'

const address = { nodeId: 1, host: '::1', port: 9092 }
const named = (name: string, fields: object = {}) => Object.assign(new Error(`about ${name}`), { name }, fields)
const codeFor = (thrown: unknown) => refusal(thrown, address, 'Metadata', []).code

test('tells apart what can be done about it', () => {
  expect(codeFor(named('SaslAuthenticationError', { errorCode: 58 }))).toBe('AUTHENTICATION_REFUSED')
  expect(codeFor(named('UnsupportedSaslMechanismError'))).toBe('AUTHENTICATION_REFUSED')
  expect(codeFor(named('KafkaProtocolError', { errorCode: 34 }))).toBe('AUTHENTICATION_REFUSED')
  expect(codeFor(named('KafkaProtocolError', { errorCode: 35 }))).toBe('KAFKA_FAILED')
  expect(codeFor(named('UnsupportedVersionError', { errorCode: 35 }))).toBe('UNSUPPORTED')
  expect(codeFor(named('ConnectionClosedError'))).toBe('BROKER_UNREACHABLE')
  expect(codeFor(named('Error', { code: 'ECONNREFUSED' }))).toBe('BROKER_UNREACHABLE')
  expect(codeFor(named('RangeError'))).toBe('KAFKA_FAILED')
  expect(codeFor('a string')).toBe('KAFKA_FAILED')
  expect(refusal(named('RangeError'), address, 'Metadata', []).message).toContain('[::1]:9092')
})

test('leaves a SnapstreamError as it is', () => {
  const error = new SnapstreamError('USAGE', 'no')
  expect(refusal(error, address, 'Metadata', [])).toBe(error)
})

test.each([`it's a \\secret"`, 'plain-secret'])('never shows a secret: %s', (secret) => {
  const cause = named('SaslAuthenticationError', { serverMessage: `bad password ${secret}` })
  for (const error of [cause, named('Error', { cause }), new Error(`said ${secret}`)]) {
    const refused = refusal(error, address, 'connect', [secret])
    const shown = [inspect(refused, { depth: 9 }), String(refused), JSON.stringify(refused), refused.stack]
    for (const text of shown) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(JSON.stringify(secret).slice(1, -1))
    }
  }
  expect(refusal(cause, address, 'connect', [secret]).code).toBe('AUTHENTICATION_REFUSED')
})
