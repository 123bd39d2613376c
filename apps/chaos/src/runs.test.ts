import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'
import { runsOf } from './runs.ts'

function runs(...args: string[]): string[] {
  const options = parseOptions(args)
  if (!options) throw new Error('no options')
  return runsOf(options).map(({ one, driver, seed, seconds }) => `${one.name} ${driver} ${seed} ${seconds}`)
}

test('each case runs with each driver, and each repetition has the next seed', () => {
  expect(runs('graceful', 'pause', '--seed', '7', '--seconds', '9', '--repeat', '2')).toEqual([
    'graceful kafkajs 7 9',
    'graceful kafkajs 8 9',
    'graceful kafkats 7 9',
    'graceful kafkats 8 9',
    'pause kafkajs 7 9',
    'pause kafkajs 8 9',
    'pause kafkats 7 9',
    'pause kafkats 8 9',
  ])
})

test('the duration is that of the command line, else of the short form, else of the case', () => {
  const graceful = ['graceful', '--driver', 'kafkats', '--seed', '1']
  expect(runs(...graceful)).toEqual(['graceful kafkats 1 180'])
  expect(runs(...graceful, '--short')).toEqual(['graceful kafkats 1 2'])
  expect(runs(...graceful, '--short', '--seconds', '5')).toEqual(['graceful kafkats 1 5'])
})
