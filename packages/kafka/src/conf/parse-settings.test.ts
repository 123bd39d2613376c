import { SnapstreamError } from '@snapstream/core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { memory } from '../memory/index.ts'
import { UNSUPPORTED, IGNORED } from './unsupported-settings.ts'
import { parseSettings, same } from './parse-settings.ts'
import { NAMES, SETTINGS } from './setting-table.ts'
import { forgetWarnings } from './usage.ts'

afterEach(() => {
  forgetWarnings()
  vi.restoreAllMocks()
})

const parse = (given: unknown) => parseSettings(given, 'Conf')

function usage(given: unknown): string {
  try {
    parse(given)
  } catch (error) {
    if (SnapstreamError.is(error) && error.code === 'USAGE') return error.message
    throw error
  }
  throw new Error('it was taken')
}

const DURATIONS = Object.keys(SETTINGS).filter((name) => name.endsWith('Ms'))

describe('names of settings', () => {
  test('each setting can have its dotted name of Kafka', () => {
    const samples: Record<string, unknown> = {
      driver: memory(),
      brokers: 'a:1',
      autoOffsetReset: 'latest',
      onOffsetOutOfRange: 'latest',
      isolationLevel: 'read_uncommitted',
      acks: 1,
      idempotence: true,
      exactlyOnce: 'exactly_once_v2',
      compression: 'GZIP',
      securityProtocol: 'SASL_SSL',
      saslMechanism: 'scram-sha-256',
      sslCheckHostname: 'none',
      sslCa: '-----BEGIN CERTIFICATE-----',
      sslCert: '-----BEGIN CERTIFICATE-----',
      sslKey: '-----BEGIN EC PRIVATE KEY-----',
    }
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    for (const [alias, name] of NAMES) {
      const sample = samples[name] ?? (/(Ms|Bytes)$/.test(name) ? 7 : 'x')
      const parsed = parse({ [alias]: sample })
      expect(Object.keys(parsed)).toEqual([name])
      expect(same(parsed[name], SETTINGS[name].parse(sample))).toBe(true)
    }
  })

  test('a misspelt name is refused with a suggestion', () => {
    expect(usage({ bootstrapServer: 'a:1' })).toBe(
      'Conf has no setting bootstrapServer; did you mean bootstrap.servers?',
    )
  })

  test('an unknown name is refused with a list of all names', () => {
    expect(usage({ colour: 'red' })).toContain('it takes driver, brokers, groupId')
  })

  test('a setting of other clients is refused with the reason', () => {
    expect(usage({ 'enable.auto.commit': false })).toBe(
      'Conf: leave out enable.auto.commit: offsets are committed once the sinks are flushed, by stream',
    )
  })

  test('a setting that only tunes other clients is ignored with one warning', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    for (let i = 0; i < 2; i++) expect(parse({ 'max.poll.records': 500, lingerMs: 1 })).toEqual({ lingerMs: 1 })
    expect(warn.mock.calls).toEqual([['snapstream: Conf: max.poll.records has no effect here and is ignored']])
  })

  test('no own setting is in the lists of refused and ignored names', () => {
    for (const name of NAMES.keys()) expect([UNSUPPORTED.has(name), IGNORED.has(name)]).toEqual([false, false])
    for (const name of IGNORED) expect(UNSUPPORTED.has(name)).toBe(false)
  })

  test('two names of one setting have to agree', () => {
    expect(parse({ brokers: ['a:1', 'b:2'], 'bootstrap.servers': 'a:1, b:2' })).toEqual({ brokers: ['a:1', 'b:2'] })
    expect(usage({ groupId: 'a', 'group.id': 'b' })).toContain('groupId and group.id are names of the same setting')
  })

  test('an undefined value counts as not given', () => {
    expect(parse({ brokers: undefined, groupId: 'a' })).toEqual({ groupId: 'a' })
  })
})

describe('values of settings', () => {
  test.each([
    ['localhost:9092', ['localhost:9092']],
    ['a:1,b:2 , c:3', ['a:1', 'b:2', 'c:3']],
    [
      ['a:1', ' [::1]:9092'],
      ['a:1', '[::1]:9092'],
    ],
    ['a:1,', ['a:1']],
    [' a:1 ,, b:2 , ', ['a:1', 'b:2']],
    ['PLAINTEXT://a:1,PLAINTEXT://[::1]:2', ['plaintext://a:1', 'plaintext://[::1]:2']],
    [['SASL_SSL://a:1'], ['sasl_ssl://a:1']],
  ])('brokers %j are parsed', (brokers, parsed) => {
    expect(parse({ brokers })).toEqual({ brokers: parsed })
  })

  test.each([
    'localhost',
    ',',
    ['a:1', ''],
    'http://a:1',
    'ssl:/a:1',
    'ssl://',
    'a:0',
    'a:65536',
    'a:x',
    '',
    [],
    [1],
    7,
    null,
  ])('brokers %j is refused', (brokers) => {
    expect(usage({ brokers })).toContain("brokers takes 'host:port' addresses, as an array or separated by commas, got")
  })

  test.each([
    ['all', -1],
    [-1, -1],
    ['1', 1],
    [0, 0],
  ])('acks %j is parsed', (acks, parsed) => {
    expect(parse({ acks })).toEqual({ acks: parsed })
  })

  test('the error for a wrong type says what is expected and what was given', () => {
    expect(usage({ lingerMs: '5' })).toBe('Conf: lingerMs takes a whole number of ms, 0 to 2147483647, got "5"')
    expect(usage({ 'session.timeout.ms': -1 })).toContain(
      'session.timeout.ms takes a whole number of ms, 1 to 2147483647, got -1',
    )
    expect(usage({ acks: 2 })).toBe("Conf: acks takes one of 0, 1, 'all', -1, got 2")
    expect(usage({ autoOffsetReset: 'first' })).toContain("takes one of 'earliest', 'latest', 'error', 'none', got")
    expect(usage({ groupId: '' })).toContain('groupId takes a string that is not empty')
    expect(usage({ driver: 'kafkajs' })).toContain('driver takes a driver, as kafkajs() or memory() make it')
    expect(usage('localhost:9092')).toContain('Conf takes an object of settings')
  })

  test.each(DURATIONS)('%s is a whole number of ms within the range of an int32', (name) => {
    expect(parse({ [name]: 2 ** 31 - 1 })).toEqual({ [name]: 2 ** 31 - 1 })
    for (const value of [2 ** 31, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(usage({ [name]: value })).toContain('to 2147483647, got')
  })

  test.each(['fetchMaxBytes', 'batchSizeBytes', 'maxRequestBytes', 'receiveMaxBytes'])(
    '%s is a whole number of bytes within the range of an int32',
    (name) => {
      expect(parse({ [name]: 2 ** 31 - 1 })).toEqual({ [name]: 2 ** 31 - 1 })
      for (const value of [2 ** 31, 1.5, 0]) expect(usage({ [name]: value })).toContain('1 to 2147483647, got')
    },
  )

  test('bufferBytes is not sent to a broker and may exceed an int32', () => {
    expect(parse({ bufferBytes: 2 ** 33 })).toEqual({ bufferBytes: 2 ** 33 })
  })

  test('names of Object.prototype are not valid values', () => {
    expect(usage({ autoOffsetReset: 'constructor' })).toContain('got "constructor"')
    expect(usage({ toString: 1 })).toContain('no setting toString')
  })

  test("autoOffsetReset takes Kafka's word for an error", () => {
    expect(parse({ 'auto.offset.reset': 'none' })).toEqual({ autoOffsetReset: 'error' })
  })
})
