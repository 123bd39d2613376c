import { describe, expect, test } from 'vitest'
import { breather, filterOf } from './filter.ts'
import { viewOf } from './view.ts'

const NONE = viewOf(null)

const text = (content: string) => ({ kind: 'text', text: content }) as const

test('both filters have to match, and a record without a key matches no key filter', () => {
  const isMeant = filterOf({ keyFilter: /^a/, valFilter: /b$/ })
  expect(isMeant(text('ab'), text('ab'))).toBe(true)
  expect(isMeant(text('b'), text('ab'))).toBe(false)
  expect(isMeant(text('a'), text('a'))).toBe(false)
  expect(isMeant(NONE, text('b'))).toBe(false)
  expect(filterOf({})(NONE, NONE)).toBe(true)
})

test('a slow filter lets signals through, and a fast one does not wait', async () => {
  const breathe = breather()
  expect(breathe()).toBeUndefined()
  const started = performance.now()
  while (performance.now() - started < 60);
  let heard = false
  setImmediate(() => (heard = true))
  await breathe()
  expect(heard).toBe(true)
  expect(breathe()).toBeUndefined()
})

describe('a pattern that backtracks for years', () => {
  const a = 'a'.repeat(60)

  test.each([
    [/(a+)+$/, `${a}b`],
    [/(?:a|aa)+$/, `${a}b`],
    [/(a|a)*b$/, `${a}c`],
    [/(a*)\1*\1*\1*b$/, 'a'.repeat(20_000)],
    [/a*b/, 'a'.repeat(3_000_000)],
    [/a.*a.*a.*a.*b/, 'a'.repeat(20_000)],
    [/(x+x+)+y/, 'x'.repeat(60)],
  ])('%s is stopped', (pattern, content) => {
    const started = performance.now()
    const answer = filterOf({ valFilter: pattern })(NONE, text(content))
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(answer).toEqual(
      new Error(`it takes the filter ${JSON.stringify(pattern.source)} more than 1000 ms to match it or not`),
    )
  })

  test.each([
    [/^ada$/, 'ada'],
    [/(ab)+c/, 'xababc'],
    [/"amount":19[0-9]/u, '{"amount":193}'],
    [/(\w+) \1/, 'the the'],
  ])('%s still matches if it is fast enough', (pattern, content) => {
    expect(filterOf({ valFilter: pattern })(NONE, text(content))).toBe(true)
    expect(filterOf({ valFilter: pattern })(NONE, text('-'.repeat(100_000)))).toBe(false)
  })
})
