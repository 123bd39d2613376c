import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPrograms } from '@snapstream/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FUZZ_PROCESS, fuzz } from './fuzz.ts'
import type { FuzzPlan } from './fuzz-plan.ts'
import { targets } from './targets.ts'

const signal = new AbortController().signal
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snapstream-fuzz-built-'))
  await buildPrograms({ programs: [FUZZ_PROCESS], folder })
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const fuzzTarget = (plan: Pick<FuzzPlan, 'target' | 'ms' | 'planted'>) =>
  fuzz({ ...plan, seed: 1 }, signal, undefined, [join(folder, 'fuzz-process.mjs')])

test.each(targets.map(({ name }) => name))(
  'all seeds and the corpus of %s pass',
  { timeout: 60_000 },
  async (target) => {
    const { finding, runs } = await fuzzTarget({ target, ms: 0, planted: false })
    expect(finding && `${finding.what}: ${Buffer.from(finding.input).toString('base64')}`).toBeUndefined()
    expect(runs).toBeGreaterThan(0)
  },
)

test.each(targets.map(({ name }) => name))('the deliberate bug of %s is found', { timeout: 90_000 }, async (target) => {
  const { finding } = await fuzzTarget({ target, ms: 60_000, planted: true })
  expect(finding?.what).toBeDefined()
})
