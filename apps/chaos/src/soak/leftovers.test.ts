import process from 'node:process'
import { expect, test } from 'vitest'
import { holdings, leftovers } from './leftovers.ts'

test('leftovers() names only the resources that have increased', () => {
  const before = new Map([
    ['Timeout', 1],
    ['PipeWrap', 2],
  ])
  expect(leftovers(before, before)).toEqual([])
  expect(leftovers(before, new Map([['Timeout', 0]]))).toEqual([])
  const after = new Map([
    ['Timeout', 3],
    ['PipeWrap', 2],
    ['TCPSocketWrap', 1],
  ])
  expect(leftovers(before, after)).toEqual(['2 Timeout', '1 TCPSocketWrap'])
})

test('holdings() counts timers and listeners of signals', () => {
  const before = holdings()
  const timer = setTimeout(() => {}, 60_000)
  const listener = () => {}
  process.on('SIGUSR2', listener)
  expect(leftovers(before, holdings())).toEqual(['1 Timeout', '1 listener of SIGUSR2'])
  clearTimeout(timer)
  process.off('SIGUSR2', listener)
  expect(leftovers(before, holdings())).toEqual([])
})
