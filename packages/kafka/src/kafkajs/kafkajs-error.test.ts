import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { kafkajsError } from './kafkajs-error.ts'

const address = { nodeId: -1, host: 'a', port: 1 }
const of = (error: unknown) => kafkajsError(error, address, 'connect to')

test('looks through the errors that KafkaJS wraps around errors', () => {
  const refused = new kafkajs.KafkaJSConnectionError('connect ECONNREFUSED', { broker: 'a:1', code: 'ECONNREFUSED' })
  const error = of(new kafkajs.KafkaJSNumberOfRetriesExceeded(refused, { retryCount: 5, retryTime: 1 }))
  expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE', cause: refused })
  expect(error.message).toBe('the broker a:1 cannot be reached: connect ECONNREFUSED')
})

test('what TLS does not accept is no matter of time', () => {
  const code = 'DEPTH_ZERO_SELF_SIGNED_CERT'
  const error = of(new kafkajs.KafkaJSConnectionError('Connection error: self-signed certificate', { code }))
  expect(error.code).toBe('TLS_REFUSED')
  expect(error.message).toContain(code)
})

test('a refused password is not a connection that broke down while it was asked for', () => {
  const name = 'KafkaJSSASLAuthenticationError'
  const failed = (why: string) => Object.assign(new Error(`SASL SCRAM SHA256 authentication failed: ${why}`), { name })
  expect(of(failed('SASL Authentication failed')).code).toBe('AUTHENTICATION_REFUSED')
  for (const why of ['Closed connection', 'Connection error: read ECONNRESET', 'Request SaslAuthenticate timed out'])
    expect(of(failed(why)).code).toBe('BROKER_UNREACHABLE')
})

test('a request that the broker does not know is unsupported', () => {
  for (const name of ['KafkaJSServerDoesNotSupportApiKey', 'KafkaJSNotImplemented'])
    expect(of(Object.assign(new Error('no'), { name })).code).toBe('UNSUPPORTED')
})

test('takes anything that was thrown', () => {
  expect(of('text').code).toBe('KAFKA_FAILED')
  expect(of(undefined).code).toBe('KAFKA_FAILED')
  expect(of(new TypeError('x')).message).toBe('could not connect to the broker a:1: x')
})
