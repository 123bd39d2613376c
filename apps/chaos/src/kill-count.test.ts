import { expect, test } from 'vitest'
import { killCount } from './kill-count.ts'

test('a kill counts if the group lagged and had committed since the last kill', () => {
  const kills = killCount()
  const offsets = (sum: number) => new Map([0, 1].map((partition) => [partition, sum / 2]))
  const kill = (sent: number, committed: number) =>
    kills.add({ at: 0, what: 'SIGKILL of w1', sent, committed: offsets(committed) }).counted
  expect(kill(10, 0)).toBe(false) // nothing committed yet
  expect(kill(10, 4)).toBe(true)
  expect(kill(20, 4)).toBe(false)
  expect(kill(20, 20)).toBe(false) // no lag
  expect(kill(30, 21)).toBe(true)
  expect(kills.all.map(({ uncommitted }) => uncommitted)).toEqual([10, 6, 16, 0, 9])
})
