import { expect, test } from 'vitest'
import { random } from '@snapstream/program'
import { mutate } from './mutate.ts'

const input = Uint8Array.from({ length: 40 }, (_, i) => i)

test('the same seed gives the same mutations, and the input itself does not change', () => {
  const before = Uint8Array.from(input)
  const some = (seed: number) => {
    const chance = random(seed)
    return Array.from({ length: 200 }, () => mutate(input, [input], chance, 1000))
  }
  expect(some(3)).toEqual(some(3))
  expect(some(3)).not.toEqual(some(4))
  expect(input).toEqual(before)
})

test('an input grows up to its limit, even from no bytes', () => {
  const chance = random(1)
  let bytes: Uint8Array = new Uint8Array()
  let longest = 0
  for (let i = 0; i < 5000; i++) {
    bytes = mutate(bytes, [input], chance, 300)
    longest = Math.max(longest, bytes.length)
    expect(bytes.length).toBeLessThanOrEqual(300)
  }
  expect(longest).toBeGreaterThan(200)
})
