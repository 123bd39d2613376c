import { expect, test } from 'vitest'
import { parseRivalOptions } from './rival-options.ts'
import { rivals } from './rivals.ts'

test('the command line selects all libraries, or those that it names', () => {
  expect(parseRivalOptions([])).toMatchObject({ chosen: rivals, kills: 10, rate: 5000, json: undefined })
  const some = parseRivalOptions(['kafka-streams', 'kafkajs', '--kills', '3', '--rate', '100', '--seed', '7'])
  expect(some?.chosen.map(({ name }) => name)).toEqual(['kafka-streams', 'kafkajs'])
  expect(some).toMatchObject({ kills: 3, rate: 100, seed: 7, isStatic: false })
  expect(parseRivalOptions(['--static'])).toMatchObject({ isStatic: true })
  expect(parseRivalOptions(['-h'])).toBeUndefined()
})

test('the error names an unknown library or a wrong number', () => {
  expect(() => parseRivalOptions(['flink'])).toThrow("'flink'")
  expect(() => parseRivalOptions(['--kills', '0'])).toThrow('got 0')
})
