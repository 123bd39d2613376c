import { expect, test } from 'vitest'
import { byName, numberAbove0, parseCommand, wholeNumber } from './command-options.ts'

const options = { texts: ['seed'], switches: ['short'] } as const

test('a command line is split into options and positional arguments', () => {
  expect(parseCommand(['one', '--seed', '3'], options)).toMatchObject({
    values: { seed: '3', short: false },
    positionals: ['one'],
  })
})

test('a command line with --help or -h gives undefined', () => {
  expect(parseCommand(['one', '--help'], options)).toBeUndefined()
  expect(parseCommand(['-h'], options)).toBeUndefined()
})

test('an unknown option fails with an error that names it', () => {
  expect(() => parseCommand(['--seeds', '3'], options)).toThrow(/--seeds/)
})

test('wholeNumber() takes whole numbers from the least value on, and returns the default for a missing option', () => {
  expect(wholeNumber('--seed', '0', 7, 0)).toBe(0)
  expect(wholeNumber('--seed', undefined, 7)).toBe(7)
  for (const text of ['0', '1.5', '', ' ', 'x', '1e99'])
    expect(() => wholeNumber('--runs', text, 7)).toThrow(`--runs takes a whole number from 1, got ${text}`)
})

test('numberAbove0() takes positive numbers with or without a fraction', () => {
  expect(numberAbove0('--minutes', '0.5', 10)).toBe(0.5)
  for (const text of ['0', '-1', '', 'x', 'Infinity'])
    expect(() => numberAbove0('--minutes', text, 10)).toThrow(`--minutes takes a number above 0, got ${text}`)
})

test('byName() finds an item, or fails with an error that lists all names', () => {
  expect(byName([{ name: 'a' }, { name: 'b' }], 'suite', 'b')).toEqual({ name: 'b' })
  expect(() => byName([{ name: 'a' }, { name: 'b' }], 'suite', 'c')).toThrow("unknown suite 'c'; expected one of a, b")
})
