import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Driver } from '../driver/driver.ts'
import { memory } from '../memory/index.ts'
import { Conf } from './conf.ts'
import { resolveSettings } from './resolve-settings.ts'

afterEach(() => {
  Conf.reset()
  vi.restoreAllMocks()
})

describe('Conf', () => {
  test('a later call overrides an earlier one, and the conf of a topic overrides both', () => {
    Conf({ brokers: 'a:1', groupId: 'g', lingerMs: 1 })
    Conf({ 'group.id': 'h', lingerMs: 2 })
    const resolved = resolveSettings({ lingerMs: 3 })
    expect(resolved.client.brokers).toEqual(['a:1'])
    expect(resolved.groupId).toBe('h')
    expect(resolved.producer.lingerMs).toBe(3)
  })

  test('a call that throws changes no setting', () => {
    Conf({ brokers: 'a:1' })
    expect(() => Conf({ brokers: 'b:1', lingerMs: -1 })).toThrow('lingerMs')
    expect(resolveSettings({}).client.brokers).toEqual(['a:1'])
  })
})

test('KafkaJS is the default driver', () => {
  expect(resolveSettings({ brokers: ['a:1'] }).driver.name).toBe('kafkajs')
  expect(resolveSettings({ brokers: ['a:1'] }).driver).toBe(resolveSettings({ brokers: ['b:1'] }).driver)
})

test('idempotence is on with acks all by default, as in Java', () => {
  const idempotence = (own: object) => resolveSettings({ brokers: ['a:1'], ...own }).producer.idempotence
  expect(idempotence({})).toBe(true)
  expect(idempotence({ idempotence: false })).toBe(false)
  expect(idempotence({ acks: 1 })).toBe(false)
  expect(idempotence({ driver: memory() })).toBe(false)
  expect(() => idempotence({ acks: 1, idempotence: true })).toThrow("idempotence needs acks 'all', and acks is 1")
})

test('the protocol of an address has to match securityProtocol', () => {
  const brokers = (own: object) => resolveSettings({ brokers: ['plaintext://a:1', 'b:2'], ...own }).client.brokers
  expect(brokers({})).toEqual(['a:1', 'b:2'])
  expect(() => brokers({ brokers: ['ssl://a:1'] })).toThrow(
    "brokers has ssl://a:1, and securityProtocol is 'plaintext'; set it to 'ssl', or leave ssl:// out",
  )
  expect(brokers({ brokers: ['ssl://a:1'], securityProtocol: 'ssl' })).toEqual(['a:1'])
  expect(() => brokers({ securityProtocol: 'ssl' })).toThrow('brokers has plaintext://a:1')
})

test('receiveMaxBytes is larger than a fetch by default', () => {
  const limit = (own: object) => resolveSettings({ brokers: ['a:1'], ...own }).client.receiveMaxBytes
  expect(limit({})).toBe(100_000_000)
  expect(limit({ fetchMaxBytes: 80_000_000 })).toBe(160_000_000)
  expect(limit({ fetchMaxBytes: 2 ** 31 - 1 })).toBe(2 ** 31 - 1)
  expect(limit({ receiveMaxBytes: 3_000_000 })).toBe(3_000_000)
  expect(() => limit({ receiveMaxBytes: 1_000_000 })).toThrow('receiveMaxBytes is 1000000 and fetchMaxBytes is 2097152')
})

test('the error for missing brokers says what to do', () => {
  expect(() => resolveSettings({})).toThrow(
    "no brokers are set; call Conf({ brokers: 'host:port' }), or Conf({ driver: memory() }) to run without a broker",
  )
  expect(resolveSettings({ driver: memory() }).client.brokers).toEqual([])
})

describe('a setting that the driver does not support', () => {
  const driver = (ignoredSettings: string[]): Driver => ({
    ...memory(),
    name: 'other',
    supports: { inProcess: false, ignoredSettings, compression: ['none', 'gzip'] },
  })

  test('an unsupported setting is ignored with one warning', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const settings = { driver: driver(['lingerMs', 'clientId']), brokers: ['a:1'], lingerMs: 5 }
    resolveSettings(settings)
    resolveSettings(settings)
    expect(warn.mock.calls).toEqual([['snapstream: the driver other does not use lingerMs; it is ignored']])
  })

  test('an unsupported setting is refused if a guarantee depends on it', () => {
    expect(() => resolveSettings({ driver: driver(['acks']), brokers: ['a:1'], acks: 1 })).toThrow(
      'the driver other does not support acks; leave it out, or use another driver',
    )
  })

  test('the memory driver ignores unsupported settings without a warning', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    resolveSettings({ driver: memory(), brokers: ['a:1'], acks: 1 })
    expect(warn).not.toHaveBeenCalled()
  })
})
