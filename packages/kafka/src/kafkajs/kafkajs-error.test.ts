import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { isPassing, kafkaError, kindOf } from './kafkajs-error.ts'
import { protocolError } from './protocol-error.ts'

const refused = new kafkajs.KafkaJSConnectionError('connect ECONNREFUSED', { broker: 'a:1', code: 'ECONNREFUSED' })

test('looks through the errors that KafkaJS wraps around errors', () => {
  const wrapped = new kafkajs.KafkaJSNumberOfRetriesExceeded(refused, { retryCount: 5, retryTime: 1 })
  expect(kindOf(wrapped)).toBe('KafkaJSConnectionError')
  expect(isPassing(wrapped)).toBe(true)
  const error = kafkaError(wrapped, 'connect')
  expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE', cause: wrapped })
  expect(error.message).toBe(
    'could not connect: connect ECONNREFUSED; check the address, and that a broker listens there',
  )
})

test.each([
  [3, 'TOPIC_MISSING', false],
  [6, 'KAFKA_FAILED', true],
  [7, 'KAFKA_FAILED', true],
  [10, 'RECORD_TOO_LARGE', false],
  [18, 'RECORD_TOO_LARGE', false],
  [29, 'AUTHENTICATION_REFUSED', false],
  [47, 'FENCED', false],
  [87, 'KAFKA_FAILED', false],
  [12345, 'KAFKA_FAILED', false],
] as const)('names error %i of a broker', (code, expected, passing) => {
  const error = kafkaError(protocolError(code), 'send', { topic: 'orders', partition: 1 })
  expect(error).toMatchObject({ code: expected, topic: 'orders' })
  expect(isPassing(protocolError(code))).toBe(passing)
})

test('takes anything that was thrown', () => {
  expect(kafkaError('text', 'send')).toMatchObject({
    code: 'KAFKA_FAILED',
    message: 'could not send: text',
    cause: 'text',
  })
  expect(kafkaError(undefined, 'send').code).toBe('KAFKA_FAILED')
  expect(isPassing(new TypeError('x'))).toBe(false)
})
