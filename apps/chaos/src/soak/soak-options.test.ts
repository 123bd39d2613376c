import { expect, test } from 'vitest'
import { parseSoakOptions } from './soak-options.ts'

test('the command line selects all drivers, one driver, or the short form', () => {
  expect(parseSoakOptions([])?.runs).toEqual([
    { driver: 'memory', messages: 10_000_000 },
    { driver: 'kafkajs', messages: 3_000_000 },
    { driver: 'kafkats', messages: 3_000_000 },
  ])
  expect(parseSoakOptions(['--driver', 'kafkats', '--messages', '5000'])?.runs).toEqual([
    { driver: 'kafkats', messages: 5000 },
  ])
  expect(parseSoakOptions(['--short'])?.runs).toEqual([{ driver: 'memory', messages: 300_000 }])
  expect(parseSoakOptions(['--help'])).toBeUndefined()
})

test('the error names an unknown driver or a wrong number', () => {
  expect(() => parseSoakOptions(['--driver', 'kafka'])).toThrow('got kafka')
  for (const count of ['999', 'many', '1.5'])
    expect(() => parseSoakOptions(['--messages', count])).toThrow(`got ${count}`)
})
