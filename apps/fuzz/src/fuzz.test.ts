import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'
import { targets } from './targets.ts'

const signal = new AbortController().signal

test.each(targets.map(({ name }) => name))(
  'all seeds and the corpus of %s pass',
  { timeout: 60_000 },
  async (target) => {
    const { finding, runs } = await fuzz({ target, seed: 1, ms: 0, planted: false }, signal)
    expect(finding && `${finding.what}: ${Buffer.from(finding.input).toString('base64')}`).toBeUndefined()
    expect(runs).toBeGreaterThan(0)
  },
)

test.each(targets.map(({ name }) => name))('the deliberate bug of %s is found', { timeout: 90_000 }, async (target) => {
  const { finding } = await fuzz({ target, seed: 1, ms: 60_000, planted: true }, signal)
  expect(finding?.what).toBeDefined()
})
