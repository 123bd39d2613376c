import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readHeaders } from './record-columns.ts'

const bytes = (...parts: (number | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))))
// Small lengths are written as twice their value; -1 is written as 1.
const [one, three, none] = [2, 6, 1]

test('headers are read with names and values; null and empty are different', () => {
  const section = bytes(three, one, 'n', one, 'v', one, 'n', none, 0, 0)
  expect(readHeaders(section)).toEqual({
    headers: [
      ['n', Buffer.from('v')],
      ['n', null],
      ['', Buffer.alloc(0)],
    ],
    problem: undefined,
    broken: false,
  })
  expect(readHeaders(bytes(0))).toEqual({ headers: [], problem: undefined, broken: false })
})

test('a header whose name is not UTF-8 is left out and named as the problem', () => {
  const section = bytes(three, 4, 0xc3, '(', one, 'v', one, 'n', one, 'w', 2, 0xff, 0)
  expect(readHeaders(section)).toEqual({
    headers: [['n', Buffer.from('w')]],
    problem: 'the name of header 0 is not UTF-8',
    broken: false,
  })
})

test.each([
  ['nothing', bytes(), 'their count is not a number of 0 or more'],
  ['a negative count', bytes(none), 'their count is not a number of 0 or more'],
  ['a count without an end', bytes(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0), 'their count is not a number of 0 or more'],
  ['a count that is too high', bytes(10, one, 'n', one, 'v'), 'the name of header 1 reaches beyond their end'],
  ['a count that is too low', bytes(0, one, 'n', one, 'v'), '4 bytes follow the last of them'],
  ['a negative name', bytes(one, none, one, 'v'), 'the name of header 0 reaches beyond their end'],
  ['a long name', bytes(one, 200, 1, 'n', one, 'v'), 'the name of header 0 reaches beyond their end'],
  ['a long value', bytes(one, one, 'n', 200, 1, 'v'), 'the value of header 0 reaches beyond their end'],
  ['a name and no more', bytes(one, one, 'n'), 'the value of header 0 reaches beyond their end'],
])('names the problem of headers with %s', (_, section, problem) => {
  expect(readHeaders(section)).toMatchObject({ problem, broken: true })
})

test('reading headers never throws, and never reads beyond their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 9 }), (section, more) => {
      const alone = readHeaders(Buffer.from(section))
      const within = readHeaders(Buffer.concat([more, section, more]), more.length, more.length + section.length)
      expect(within).toEqual(alone)
      expect(alone.broken).toBe(alone.broken && alone.problem !== undefined)
    }),
    { numRuns: 2000 },
  )
})
