import { expect, test } from 'vitest'
import { commitsMovedBack } from './commits-moved-back.ts'

const commits = (...all: (readonly [partition: number, offset: number])[]) =>
  all.map(([partition, offset]) => ({ partition, offset, seenAt: 0 }))

test('only commits below the previous one are counted', () => {
  expect(commitsMovedBack(commits([0, 5], [1, 3], [0, 5], [1, 4], [0, 9]))).toBe(0)
  expect(commitsMovedBack(commits([0, 5], [1, 9], [0, 4], [1, 8], [0, 5]))).toBe(2)
})
