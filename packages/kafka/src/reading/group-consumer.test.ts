import { afterEach, expect, test } from 'vitest'
import { Conf } from '../conf/conf.ts'
import { resolveSettings } from '../conf/resolve-settings.ts'
import type { Settings } from '../conf/settings.ts'
import { secret } from '../conf/secret.ts'
import { memory } from '../memory/index.ts'
import { consumerFor } from './group-consumer.ts'
import type { TopicSubscriber } from './group-consumer.ts'

afterEach(() => Conf.reset())

const driver = memory()
function joining() {
  const scope = new Map()
  let count = 0
  return (settings: Settings) => {
    const name = `topic-${count++}`
    const reader = { name, topics: [name] }
    const consumer = consumerFor(scope, resolveSettings({ driver, ...settings }), 'group', reader)
    consumer.join(reader as unknown as TopicSubscriber)
    return consumer
  }
}

test('readers of a group share a consumer if they have the same settings', () => {
  const join = joining()
  const first = join({ sessionTimeoutMs: 10_000 })
  expect(join({ sessionTimeoutMs: 10_000, lingerMs: 3 })).toBe(first)
  expect(join({ sessionTimeoutMs: 20_000 })).not.toBe(first)
})

test('readers of a group with different passwords do not share a consumer', () => {
  const join = joining()
  const login = { securityProtocol: 'sasl_ssl', saslMechanism: 'PLAIN', saslUsername: 'alice' } as const
  const first = join({ ...login, saslPassword: secret('sesame') })
  expect(join({ ...login, saslPassword: secret('sesame') })).toBe(first)
  expect(join({ ...login, saslPassword: secret('simsim') })).not.toBe(first)
})

test('two consumers of a group cannot have the same groupInstanceId', () => {
  const join = joining()
  join({ groupInstanceId: 'me', sessionTimeoutMs: 10_000 })
  expect(() => join({ groupInstanceId: 'me', sessionTimeoutMs: 20_000 })).toThrow(
    'Topic(topic-1) reads with the group "group" and has other settings than another topic of the group',
  )
  join({ groupInstanceId: 'another', sessionTimeoutMs: 20_000 })
})
