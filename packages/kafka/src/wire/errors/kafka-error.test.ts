import { createRequire } from 'node:module'
import { SnapstreamError } from '@snapstream/core'
import { expect, test } from 'vitest'
import { kafkaErrorKind } from './error-table.ts'
import { isRetriable, isTopicMissing, kafkaError, protocolError, throwFor } from './kafka-error.ts'

test.each([
  [3, 'TOPIC_MISSING', false],
  [6, 'KAFKA_FAILED', true],
  [7, 'KAFKA_FAILED', true],
  [10, 'RECORD_TOO_LARGE', false],
  [18, 'RECORD_TOO_LARGE', false],
  [29, 'AUTHENTICATION_REFUSED', false],
  [47, 'FENCED', false],
  [69, 'GROUP_MISSING', false],
  [75, 'KAFKA_FAILED', true],
  [76, 'UNSUPPORTED', false],
  [87, 'KAFKA_FAILED', false],
  [100, 'TOPIC_MISSING', false],
  [12345, 'KAFKA_FAILED', false],
] as const)('names error %i of a broker', (errorCode, expected, retriable) => {
  const error = kafkaError(protocolError(errorCode), 'send', { topic: 'orders', partition: 1 })
  expect(error).toMatchObject({ code: expected, topic: 'orders' })
  expect(isRetriable(protocolError(errorCode))).toBe(retriable)
  expect(isTopicMissing(error)).toBe(expected === 'TOPIC_MISSING')
})

test("the table has Kafka's names, as far as KafkaJS knows them by their present ones", () => {
  const { errorCodes } = createRequire(import.meta.url)('kafkajs/src/protocol/error.js') as {
    errorCodes: { code: number; type: string; retriable: boolean }[]
  }
  // Kafka has renamed these since.
  const renamed = new Map([
    ['UNKNOWN', 'UNKNOWN_SERVER_ERROR'],
    ['NOT_LEADER_FOR_PARTITION', 'NOT_LEADER_OR_FOLLOWER'],
    ['GROUP_LOAD_IN_PROGRESS', 'COORDINATOR_LOAD_IN_PROGRESS'],
    ['GROUP_COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_NOT_AVAILABLE'],
    ['NOT_COORDINATOR_FOR_GROUP', 'NOT_COORDINATOR'],
  ])
  const known = errorCodes.filter(({ code }) => !kafkaErrorKind(code).name.startsWith('ERROR_'))
  expect(known.length).toBeGreaterThan(70)
  expect(known.map(({ code }) => kafkaErrorKind(code).name)).toEqual(known.map(({ type }) => renamed.get(type) ?? type))
})

test('says what the broker said', () => {
  const error = kafkaError(protocolError(38, 'there is 1 broker'), 'create the topic "a"')
  expect(error.message).toBe('could not create the topic "a": there is 1 broker (INVALID_REPLICATION_FACTOR)')
})

test.each([
  [29, /Topic: a source needs Read, a sink needs Write$/],
  [30, /Group: the groupId of a source needs Read$/],
])('error %i of the authorizer names the right that is missing', (errorCode, says) => {
  const error = kafkaError(protocolError(errorCode), 'join')
  expect(error).toMatchObject({ code: 'AUTHENTICATION_REFUSED', message: expect.stringMatching(says) as string })
})

test('an error of the connection names the purpose of the request', () => {
  const closed = new SnapstreamError('BROKER_UNREACHABLE', 'the broker a:1 closed the connection')
  expect(isRetriable(closed)).toBe(true)
  expect(kafkaError(closed, 'read')).toBe(closed)
  expect(kafkaError(closed, 'send to partition 0 of "t"', { topic: 't' })).toMatchObject({
    code: 'BROKER_UNREACHABLE',
    topic: 't',
    cause: closed,
    message: 'could not send to partition 0 of "t": the broker a:1 closed the connection',
  })
})

test('takes anything that was thrown, and no error for none', () => {
  expect(kafkaError('text', 'send').code).toBe('KAFKA_FAILED')
  expect(kafkaError(undefined, 'send').code).toBe('KAFKA_FAILED')
  expect(isRetriable(new TypeError('x'))).toBe(false)
  expect(() => throwFor({ errorCode: 0 })).not.toThrow()
  expect(() => throwFor({ errorCode: 5 })).toThrow('error 5')
})
