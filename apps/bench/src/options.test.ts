import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'
import { suites } from './suites.ts'

const names = (args: readonly string[]) =>
  parseOptions(args)?.choices.map(({ suite, case: one }) => `${suite.name}/${one.name}`)

test('measures every case once by default', () => {
  expect(parseOptions([])).toMatchObject({ size: 'quick', rounds: 1, record: false, check: false })
  expect(names([])).toHaveLength(suites.flatMap(({ cases }) => cases).length)
  expect(parseOptions(['full'])).toMatchObject({ size: 'full', rounds: 5 })
})

test('selects suites, cases and contestants by their names', () => {
  expect(names(['produce', 'core/sync'])).toEqual(['produce/many', 'produce/few', 'core/sync'])
  const [choice] = parseOptions(['pipeline/json', '--only', 'kafkats'])?.choices ?? []
  expect(choice?.case.contestants.map(({ name }) => name)).toEqual([
    '@kafkats/client',
    'Topic over kafkats',
    '@kafkats/flow',
  ])
})

test('refuses unknown names', () => {
  expect(() => parseOptions(['nothing'])).toThrow(/unknown suite or case 'nothing'; expected one of core\/sync, /)
  expect(() => parseOptions(['--rounds', '0'])).toThrow('--rounds takes a whole number from 1, got 0')
  expect(() => parseOptions(['full', 'tiny'])).toThrow('one of full and tiny')
})

test('records only full runs with all contestants', () => {
  expect(() => parseOptions(['--record'])).toThrow(/full --record/)
  expect(() => parseOptions(['full', '--record', '--only', 'Topic'])).toThrow(/all contestants/)
  expect(parseOptions(['full', 'core', '--record'])).toMatchObject({ record: true })
})
