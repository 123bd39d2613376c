import { expect, test } from 'vitest'
import { DRIVERS } from './fixtures/brokers.ts'
import { takeOver } from './fixtures/take-over.ts'

test.each(DRIVERS)(
  'copies follow their parts, answer, and take over: %s',
  async (_, conf) => {
    const { records, restored } = await takeOver({ ...conf, exactlyOnce: true })
    expect(restored).toBeLessThan(records / 4)
  },
  180_000,
)
