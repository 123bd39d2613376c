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
])('%s was meant to be %s', (typed, meant) => {
  expect(closestName(typed, NAMES.keys())).toBe(meant)
})

test('what is nothing like any name has no closest', () => {
  expect(closestName('favouriteColour', NAMES.keys())).toBeUndefined()
})

test('a name of a megabyte is not compared letter by letter', () => {
  expect(closestName('x'.repeat(1_000_000), NAMES.keys())).toBeUndefined()
})
