import { describe, expect, test } from 'vitest'
import { builtDemo } from '../fixtures/built-demo.ts'
import { scaleProblems } from './fixtures/scale-problems.ts'

const brokers = process.env['KAFKA_BROKERS']

describe.skipIf(brokers === undefined)('on a real broker', () => {
  const demo = builtDemo()

  test('moves counts between processes, and compares them with the input', { timeout: 300_000 }, async () => {
    const { stdout, stderr } = await demo('scale', '--kafka', brokers ?? '')
    expect(scaleProblems(stdout)).toEqual([])
    expect(stdout).toContain('Processes')
    expect(stderr).toBe('')
  })
})
