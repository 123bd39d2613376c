import { expect, test } from 'vitest'
import { differences, expectedLetters } from './letters.ts'

test('each poisoned order is a dead letter with its place, code and attempts', () => {
  const orders = [{ id: 1 }, { id: 2, poison: 'refused' }, { id: 3, poison: 'undecodable' }] as const
  const retries = { undecodable: 0, throwing: 2, refused: 2 }
  expect(expectedLetters(orders, (id) => `in 0/${id}`, retries)).toEqual([
    'in 0/2: RECORD_TOO_LARGE in poisoned after 3',
    'in 0/3: DECODE_FAILED in poisoned after 1',
  ])
})

test('differences are the lines that one list has more often', () => {
  expect(differences(['a', 'b', 'b'], ['b', 'a', 'b'])).toEqual([])
  expect(differences(['a', 'a', 'a', 'c'], ['a', 'b'])).toEqual(['a: 2 too many', 'b: 1 missing', 'c: 1 too many'])
  const many = Array.from({ length: 9 }, (_, i) => `${i}`)
  expect(differences(many, [])).toHaveLength(6)
  expect(differences(many, []).at(-1)).toBe('and 4 more like these')
})
