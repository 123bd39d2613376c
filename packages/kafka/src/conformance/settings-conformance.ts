import assert from 'node:assert/strict'
import { Conf } from '../conf/conf.ts'
import type { KafkaConf } from '../conf/kafka-conf.ts'
import { resolveSettings } from '../conf/resolve-settings.ts'
import type { Driver } from '../driver/driver.ts'
import { Topic } from '../topic/topic.ts'
import type { TestRunner } from './harness.ts'
import { overhear } from './overhear.ts'
import { assertError } from './rejects.ts'

/**
 * Settings that are misspelt, outdated or not supported by the driver: an error or one warning, before any request. No broker
 * is needed. The tests reset `Conf`.
 */
export function settingsConformance(runner: TestRunner, driver: Driver): void {
  const { test, describe = (_, run) => run() } = runner
  const declare = (name: string, run: () => Promise<void>) =>
    test(name, async () => {
      Conf.reset()
      try {
        await run()
      } finally {
        Conf.reset()
      }
    })
  const { inProcess, compression } = driver.supports
  const resolve = (conf: KafkaConf, of: Driver = driver) => {
    Conf({ driver: of, brokers: '127.0.0.1:1', ...conf })
    return resolveSettings({})
  }
  /** The driver with fewer features in `supports`. */
  const without = (less: Partial<Driver['supports']>): Driver => ({
    ...driver,
    supports: { ...driver.supports, ...less },
  })

  describe(`settings of the ${driver.name} driver`, () => {
    declare('a misspelt setting is an error that names the right one', async () => {
      const { error } = await overhear(async () => Conf({ driver, sesionTimeoutMs: 1 } as object))
      assertError('USAGE', 'Conf has no setting sesionTimeoutMs; did you mean sessionTimeoutMs?', error)
      const conf = { 'bootstrap.server': 'a:1' } as object
      const ofTopic = await overhear(async () => Topic('orders', { conf }))
      assertError('USAGE', 'conf of Topic("orders") has no setting bootstrap.server; did you mean', ofTopic.error)
    })

    declare('an old name works, with one warning that names the present name', async () => {
      const { error, warnings } = await overhear(async () => {
        for (let i = 0; i < 2; i++) assert.equal(resolve({ 'queue.buffering.max.ms': 5 }).producer.lingerMs, 5)
      })
      assert.equal(error, undefined)
      assert.deepEqual(warnings, ['snapstream: Conf: queue.buffering.max.ms is a deprecated name; use linger.ms'])
    })

    declare('a supported setting gives no warning', async () => {
      const { error, warnings } = await overhear(async () => {
        for (const one of compression) assert.equal(resolve({ compression: one }).producer.compression, one)
        resolve({ acks: 'all', lingerMs: 1, clientId: 'me', isolationLevel: 'read_uncommitted' })
      })
      assert.equal(error, undefined)
      assert.deepEqual(warnings, [])
    })

    if (inProcess)
      declare('settings of connections have no effect on a driver in this process', async () => {
        const conf = { securityProtocol: 'ssl', sslCaLocation: '/none', clientRack: 'a', compression: 'zstd' } as const
        const { error, warnings } = await overhear(async () => resolve(conf, without({ ignoredSettings: ['tls'] })))
        assert.equal(error, undefined)
        assert.deepEqual(warnings, [])
      })
    else {
      declare('a setting that the driver does not use gives one warning', async () => {
        const less = without({ ignoredSettings: ['rackId'] })
        const { warnings } = await overhear(async () => {
          for (let i = 0; i < 2; i++) resolve({ clientRack: 'a' }, less)
        })
        assert.deepEqual(warnings, [`snapstream: the driver ${driver.name} does not use clientRack; it is ignored`])
      })

      declare('a setting that a guarantee depends on is an error if it is not supported', async () => {
        const cases: readonly (readonly [string, KafkaConf])[] = [
          ['acks', { acks: 1 }],
          ['idempotence', { idempotence: true }],
          ['isolationLevel', { isolationLevel: 'read_committed' }],
          ['tls', { securityProtocol: 'ssl' }],
          [
            'sasl',
            { securityProtocol: 'sasl_ssl', saslMechanism: 'PLAIN', saslUsername: 'alice', saslPassword: 'sesame' },
          ],
        ]
        for (const [name, conf] of cases) {
          const { error } = await overhear(async () => {
            Conf.reset()
            resolve(conf, without({ ignoredSettings: [name] }))
          })
          assertError('UNSUPPORTED', `the driver ${driver.name} does not support `, error)
        }
      })

      declare('a compression that is not supported is an error that names the supported ones', async () => {
        const less = without({ compression: ['none', 'gzip'] })
        const { error } = await overhear(async () => resolve({ compression: 'lz4' }, less))
        assertError('UNSUPPORTED', `the driver ${driver.name} cannot compress with lz4; it has none, gzip`, error)
      })
    }
  })
}
