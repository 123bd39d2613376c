import { describe, expect, test } from 'vitest'
import { builtDemo } from './fixtures/built-demo.ts'

const brokers = process.env['KAFKA_BROKERS']

describe.skipIf(brokers === undefined)('the demo on a real broker', () => {
  const demo = builtDemo()

  test('prints the same, twice in a row', { timeout: 60_000 }, async () => {
    const first = await demo('--kafka', brokers ?? '')
    const second = await demo('--kafka', brokers ?? '')
    expect(first.stdout.trim().split('\n')).toHaveLength(10)
    expect(second).toEqual(first)
  })
})
