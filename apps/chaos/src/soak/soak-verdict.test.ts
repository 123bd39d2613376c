import { expect, test } from 'vitest'
import { soakProblems } from './soak-verdict.ts'

const good = {
  messages: 2_000_000,
  handled: 2_000_000,
  leftovers: [],
  ended: true,
  bytesPer1000: 49,
  errorPer1000: 0,
  growth: 0.049,
  meanBytes: 1,
}

test('a complete run with a flat or shrinking heap has no problem', () => {
  expect(soakProblems(good)).toEqual([])
  expect(soakProblems({ ...good, bytesPer1000: -500, growth: -0.5 })).toEqual([])
})

test('each problem is named', () => {
  expect(soakProblems({ ...good, handled: 1_999_999 })).toEqual(['1 messages were not handled'])
  expect(soakProblems({ ...good, bytesPer1000: 51 })).toEqual([expect.stringContaining('51 bytes')])
  // A slope within two standard errors of the limit is noise.
  expect(soakProblems({ ...good, bytesPer1000: 70, errorPer1000: 11 })).toEqual([])
  expect(soakProblems({ ...good, bytesPer1000: 90, errorPer1000: 11 })).toEqual([expect.stringContaining('68 bytes')])
  expect(soakProblems({ ...good, growth: 0.051 })).toEqual([expect.stringContaining('5.1 %')])
  expect(soakProblems({ ...good, leftovers: ['1 Timeout'] })).toEqual(['left behind: 1 Timeout'])
  expect(soakProblems({ ...good, ended: false })).toHaveLength(1)
})

test('a short run is judged by its growth alone, not by its slope', () => {
  const short = { ...good, messages: 300_000, handled: 300_000, bytesPer1000: 400 }
  expect(soakProblems(short)).toEqual([])
  expect(soakProblems({ ...short, growth: 0.19 })).toEqual([])
  expect(soakProblems({ ...short, growth: 0.21 })).toHaveLength(1)
})
