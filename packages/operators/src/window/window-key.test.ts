import { expect, test } from 'vitest'
import { windowKey } from '../index.ts'

test('keys of windows are text, one for each key and start', () => {
  const keys = ['page', 'a@1', '#1', '\\#1', 1, '1', true, '!true', new Uint8Array([1, 255]), '~01ff', '']
  const found = keys.map((key) => windowKey(key, 60_000))
  expect(found).toEqual([
    'page@60000',
    'a@1@60000',
    '\\#1@60000',
    '\\\\#1@60000',
    '#1@60000',
    '1@60000',
    '!true@60000',
    '\\!true@60000',
    '~01ff@60000',
    '\\~01ff@60000',
    '@60000',
  ])
  expect(new Set(found).size).toBe(keys.length)
  expect(windowKey('a', 1)).not.toBe(windowKey('a@1', 1))
})
