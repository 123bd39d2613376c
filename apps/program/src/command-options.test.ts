import { expect, test } from 'vitest'
import { byName, numberAbove0, parseCommand, wholeNumber } from './command-options.ts'

const options = { seed: { type: 'string' }, short: { type: 'boolean', default: false } } as const

test('a command line is taken apart into options and words', () => {
  expect(parseCommand(['one', '--seed', '3'], options)).toMatchObject({
    values: { seed: '3', short: false },
    positionals: ['one'],
  })
})

test('a command line that asks for help gives no options', () => {
  expect(parseCommand(['one', '--help'], options)).toBeUndefined()
  expect(parseCommand(['-h'], options)).toBeUndefined()
})

test('an unknown option is refused by name', () => {
  expect(() => parseCommand(['--seeds', '3'], options)).toThrow(/--seeds/)
})

test('a whole number is taken from its least value on, and may be left out', () => {
  expect(wholeNumber('--seed', '0', 7, 0)).toBe(0)
  expect(wholeNumber('--seed', undefined, 7)).toBe(7)
  for (const text of ['0', '1.5', '', ' ', 'x', '1e99'])
    expect(() => wholeNumber('--runs', text, 7)).toThrow(`--runs takes a whole number from 1, got ${text}`)
})

test('a number above 0 may have a fraction', () => {
  expect(numberAbove0('--minutes', '0.5', 10)).toBe(0.5)
  for (const text of ['0', '-1', '', 'x', 'Infinity'])
    expect(() => numberAbove0('--minutes', text, 10)).toThrow(`--minutes takes a number above 0, got ${text}`)
})

test('an unknown name is told with the names there are', () => {
  expect(byName([{ name: 'a' }, { name: 'b' }], 'suite', 'b')).toEqual({ name: 'b' })
  expect(() => byName([{ name: 'a' }, { name: 'b' }], 'suite', 'c')).toThrow("there is no suite 'c'; there are a, b")
})
