import type { Context } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import { createResults } from './results.ts'

const CONTEXT = { signal: new AbortController().signal, stop() {} } as Context

/** Drives what the handler answers to these results as the engine does. */
async function drive(
  results: readonly (readonly [result: number, timestamp?: number | undefined])[],
  handler: (n: number) => unknown,
) {
  const times: (number | undefined)[] = []
  const collected = createResults(handler, { setTime: (_, timestamp) => times.push(timestamp) })
  collected.begin()
  for (const [result, timestamp] of results) collected.step.message(result, timestamp)
  const answer = await collected.end('message', CONTEXT)
  const iterator = answer as { next?(): IteratorResult<unknown> | Promise<IteratorResult<unknown>> } | undefined
  if (typeof iterator?.next !== 'function') return { values: [answer], times, waits: 0 }
  const values: unknown[] = []
  let waits = 0
  for (;;) {
    const next = iterator.next()
    if (next instanceof Promise) waits++
    const { done, value } = await next
    if (done) return { values, times, waits }
    values.push(value)
  }
}

describe('results', () => {
  test('none is undefined, and one is the answer of the handler itself', async () => {
    expect((await drive([], (n) => n)).values).toEqual([undefined])
    const results = createResults((n: number) => Promise.resolve(n), undefined)
    results.begin()
    results.step.message(7, undefined)
    const answer = results.end('message', CONTEXT)
    expect(answer).toBeInstanceOf(Promise)
    expect(await answer).toBe(7)
  })

  test('several are an iterator of values, without promises where nothing waits', async () => {
    const { values, waits } = await drive([[1], [2], [3]], (n) => (n === 2 ? undefined : n * 10))
    expect(values).toEqual([10, 30])
    expect(waits).toBe(0)
  })

  test('promises are awaited, and iterators come in their order', async () => {
    const { values } = await drive([[1], [2], [3], [4], [5]], (n) => {
      if (n === 1) return Promise.resolve('a')
      if (n === 2) return ['b', 'c'].values()
      if (n === 3)
        return (async function* () {
          yield 'd'
          yield 'e'
        })()
      if (n === 4) return Promise.resolve(['f'].values())
      return Promise.resolve()
    })
    expect(values).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  test('each result has its time while it is written', async () => {
    const { times } = await drive(
      [
        [1, 10],
        [2, undefined],
        [3, 30],
      ],
      (n) => n,
    )
    expect(times).toEqual([10, undefined, 30])
  })

  test('an iterator that is left early leaves that of the handler', () => {
    let left = false
    const results = createResults(function* handler() {
      try {
        yield 1
      } finally {
        left = true
      }
    }, undefined)
    results.begin()
    results.step.message(1, undefined)
    results.step.message(2, undefined)
    const iterator = results.end('message', CONTEXT) as Iterator<unknown>
    expect(iterator.next().value).toBe(1)
    iterator.return?.()
    expect([left, iterator.next().done]).toEqual([true, true])
  })
})
