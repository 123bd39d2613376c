import { expect, test } from 'vitest'
import { projects } from './projects.mjs'
import { testLanes } from './test-lanes.mjs'

const named = (...shorts) => shorts.map((short) => ({ short }))
const shortsOf = (lanes) => lanes.map((lane) => lane.map(({ short }) => short))

test('the longest projects begin at once, each in a lane of its own', () => {
  const all = projects().filter(({ manifest }) => manifest.scripts?.test)
  const lanes = testLanes(all, 4)
  expect(shortsOf(lanes).map(([first]) => first)).toEqual(['kafka', 'interop', 'kafkats', 'state'])
  expect(new Set(lanes.flat())).toEqual(new Set(all))
  expect(lanes.flat()).toHaveLength(all.length)
})

test('a lane that has less to do gets the next project', () => {
  expect(shortsOf(testLanes(named('core', 'kafka', 'kafkats', 'state'), 2))).toEqual([
    ['kafka', 'core'],
    ['kafkats', 'state'],
  ])
})

test('with the long tests, chaos begins at once', () => {
  const chosen = named('core', 'chaos', 'fuzz')
  expect(shortsOf(testLanes(chosen, 2))).toEqual([['core'], ['fuzz', 'chaos']])
  expect(shortsOf(testLanes(chosen, 2, { long: true }))).toEqual([['chaos'], ['core', 'fuzz']])
})

test('there are no empty lanes', () => {
  expect(shortsOf(testLanes(named('core', 'a'), 4))).toEqual([['core'], ['a']])
})
