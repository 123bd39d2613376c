import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ALL_ORDERS, playPeacefulCase, RIGHT_COUNTS } from './fixtures/peaceful-case.ts'

test('counts are right when a second worker joins and leaves, and none is written twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'snapstream-peaceful-'))
  try {
    const played = await playPeacefulCase(folder)
    expect(played).toEqual({ counts: RIGHT_COUNTS, written: ALL_ORDERS, wrong: [] })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
