import { expect, test } from 'vitest'
import { placed } from './placed.ts'

test('the value of an output becomes the place of the input with that value; an unknown value stays', () => {
  const input = (partition: number, offset: number, value: string) => ({ partition, offset, key: 'k', value })
  const place = placed([input(0, 0, 'a'), input(2, 7, 'b')])
  const output = (value: string) => ({ partition: 1, offset: 1, key: 'k', value, timestamp: 5 })
  expect(place(output('b'))).toEqual(output('2/7'))
  expect(place(output('c'))).toEqual(output('c'))
})
