import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ALL_ORDERS, playPeacefulCase, RIGHT_COUNTS } from './fixtures/peaceful-case.ts'

const brokers = process.env['KAFKA_BROKERS']

describe.skipIf(brokers === undefined)('on a real broker', () => {
  test('counts are right when a second process joins and leaves', { timeout: 300_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'snapstream-peaceful-'))
    try {
      const played = await playPeacefulCase(folder, brokers)
      expect(played).toEqual({ counts: RIGHT_COUNTS, written: ALL_ORDERS, wrong: [] })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
