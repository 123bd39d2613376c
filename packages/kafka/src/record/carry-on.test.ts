import type { Headers, Origin } from '@snapstream/core'
import { expect, test } from 'vitest'
import { carryOn } from './carry-on.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const incoming: Headers = [
  ['traceparent', bytes('old')],
  ['tenant', bytes('a')],
]
const origin = (carried?: Headers): Origin => ({
  message: 'm',
  source: {},
  lane: 'orders/0',
  timestamp: 1,
  headers: incoming,
  carried,
})
const carried: Headers = [['traceparent', bytes('new')]]

test('a record has the headers that its message hands on', () => {
  expect(carryOn([], origin(carried))).toBe(carried)
  const own: Headers = [['kind', bytes('invoice')]]
  expect(carryOn(own, origin(carried))).toEqual([...own, ...carried])
})

test('a message without such headers changes nothing', () => {
  expect(carryOn(incoming, origin())).toBe(incoming)
  expect(carryOn(incoming, undefined)).toBe(incoming)
})

test('a header that the handler took over from the message is replaced, and one that it made stays', () => {
  expect(carryOn(incoming, origin(carried))).toEqual([incoming[1], ...carried])
  const made: Headers = [['traceparent', bytes('mine')]]
  expect(carryOn(made, origin(carried))).toEqual(made)
})

test('headers in bytes stay as they are', () => {
  const given = new Uint8Array([0])
  expect(carryOn(given, origin(carried))).toBe(given)
})
