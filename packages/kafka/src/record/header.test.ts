import { expect, test } from 'vitest'
import { header } from './header.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const place = { topic: 'orders', partition: 1, offset: 7 }

test('header() returns the last header of a name as text, and distinguishes null from empty', () => {
  const record = {
    headers: [
      ['trace', bytes('first')],
      ['none', null],
      ['empty', bytes('')],
      ['trace', bytes('\ufefflast €')],
    ],
  } as const
  expect(header(record, 'trace')).toBe('\ufefflast €')
  expect(header(record, 'none')).toBeNull()
  expect(header(record, 'empty')).toBe('')
  expect(header(record, 'Trace')).toBeUndefined()
})

test('the last header of a name is read, also where it is null', () => {
  const headers = [
    ['trace', bytes('first')],
    ['trace', null],
  ] as const
  expect(header({ headers }, 'trace')).toBeNull()
})

test('bytes that are not UTF-8 are refused, by name and place', () => {
  const headers = [['trace', Uint8Array.from([0xc3, 0x28])]] as const
  expect(() => header({ headers }, 'trace')).toThrow(
    expect.objectContaining({
      code: 'DECODE_FAILED',
      message: expect.stringContaining('the header "trace" is not text'),
    }),
  )
  expect(() => header({ ...place, headers }, 'trace')).toThrow(
    expect.objectContaining({ ...place, message: expect.stringContaining('of orders/1 offset 7') }),
  )
})
