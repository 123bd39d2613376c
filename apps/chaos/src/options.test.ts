import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'
import { scenarios } from './scenarios.ts'

test('without arguments all cases run, with a random seed', () => {
  const options = parseOptions([])
  expect(options?.cases).toEqual(scenarios.flatMap(({ cases }) => cases))
  expect(options).toMatchObject({ drivers: ['kafkajs', 'kafkats'], short: false, repeat: 1 })
  expect(Number.isSafeInteger(options?.seed)).toBe(true)
})

test('the command line selects scenarios, a driver, a seed and a duration', () => {
  const args = ['graceful', '--driver', 'kafkats', '--seed', '0', '--seconds', '9', '--json', '-', '--short']
  const options = parseOptions(args)
  expect(options?.cases.map(({ name }) => name)).toEqual(['graceful'])
  expect(options).toMatchObject({ drivers: ['kafkats'], seed: 0, seconds: 9, json: '-', short: true })
  expect(parseOptions(['--repeat', '10'])?.repeat).toBe(10)
  expect(parseOptions(['--help'])).toBeUndefined()
})

test('a name selects all cases of a scenario, or one case', () => {
  const names = (...args: string[]) => parseOptions(args)?.cases.map(({ name }) => name)
  expect(names('targeted-kill')).toHaveLength(4)
  expect(names('targeted-kill throttled', 'graceful')).toEqual(['targeted-kill throttled', 'graceful'])
  expect(names('targeted-kill', '--short')).toEqual(['targeted-kill concurrent'])
  expect(parseOptions(['--short'])?.cases.length).toBeGreaterThanOrEqual(3)
})

test.each([
  [['gracefull'], /unknown scenario 'gracefull'; expected one of .*graceful/],
  [['--driver', 'memory'], /--driver takes kafkajs or kafkats, got memory/],
  [['--seed', '1.5'], /--seed takes a whole number from 0, got 1.5/],
  [['--seconds', '0'], /--seconds takes a whole number from 1/],
  [['--repeat', '0'], /--repeat takes a whole number from 1, got 0/],
  [['--second', '5'], /--second/],
])('%j is refused', (args, message) => {
  expect(() => parseOptions(args)).toThrow(message)
})

test('the names of cases are unique', () => {
  const cases = scenarios.flatMap((scenario) => scenario.cases)
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
})
