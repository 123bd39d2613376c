import { expect, test } from 'vitest'
import { judgeReaderStalls } from './reader-stalls.ts'

const between = { from: 100, to: 1000 }

test('the longest time without a record of a key counts', () => {
  const arrivals = new Map([
    ['a', [150, 200, 650, 990]],
    ['b', [120, 400, 700, 980]],
  ])
  expect(judgeReaderStalls(arrivals, between)).toBe(450)
})

test('only the time between the two times counts', () => {
  expect(judgeReaderStalls(new Map([['a', [0, 110, 500, 5000]]]), between)).toBe(500)
  expect(judgeReaderStalls(new Map([['a', [0, 900]]]), between)).toBe(800)
  expect(judgeReaderStalls(new Map([['a', [900]]]), between)).toBe(800)
})

test('a key whose records stop stands still until the end', () => {
  expect(judgeReaderStalls(new Map([['a', [200, 300]]]), between)).toBe(700)
})
