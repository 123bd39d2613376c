import { expect, test } from 'vitest'
import { closestName } from './usage.ts'
import { NAMES } from './setting-table.ts'

test.each([
  ['broker', 'brokers'],
  ['bootstrap.server', 'bootstrap.servers'],
  ['bootstrapServers', 'bootstrap.servers'],
  ['lingerms', 'lingerMs'],
  ['sesionTimeoutMs', 'sessionTimeoutMs'],
  ['group_id', 'groupId'],
])('the closest name to %s is %s', (typed, meant) => {
  expect(closestName(typed, NAMES.keys())).toBe(meant)
})

test('a name that resembles none has no closest name', () => {
  expect(closestName('favouriteColour', NAMES.keys())).toBeUndefined()
})

test('a very long name is not compared', () => {
  expect(closestName('x'.repeat(1_000_000), NAMES.keys())).toBeUndefined()
})
