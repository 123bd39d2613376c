import { expect, test } from 'vitest'
import { filter, map } from './index.ts'
import { runThrough } from './fixtures/run-app.ts'

test('map makes something else of each message, and undefined is nothing', async () => {
  const halves = map([1, 2, 3, 4], (n) => (n % 2 === 0 ? { half: n / 2 } : undefined))
  expect(await runThrough(halves, ({ half }) => half)).toEqual([1, 2])
})

test('filter passes on messages that count as true, and narrows them', async () => {
  const texts = filter([1, 'a', '', 2, 'b'], (message): message is string => typeof message === 'string')
  const long = filter(texts, (text) => text.length)
  expect(await runThrough(long, (text) => text.toUpperCase())).toEqual(['A', 'B'])
})

test('operators run in a chain, in the order of the messages', async () => {
  const calls: string[] = []
  const chain = filter(
    map([1, 2, 3], (n) => {
      calls.push(`map ${n}`)
      return n * 10
    }),
    (n) => {
      calls.push(`filter ${n}`)
      return n !== 20
    },
  )
  expect(await runThrough(chain, (n) => n)).toEqual([10, 30])
  expect(calls).toEqual(['map 1', 'filter 10', 'map 2', 'filter 20', 'map 3', 'filter 30'])
})

test.each([
  ['map', map([1], async (n) => n)],
  ['filter', filter([1], async () => true)],
])('%s refuses a promise, which would let a later message pass', async (name, chain) => {
  await expect(runThrough(chain as never, (n) => n)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(
      `the function of ${name} returned a promise; operators run in one step, so wait in the handler of the binding`,
    ) as string,
  })
})

test('what is no source or no function is refused where it is written', () => {
  const loose = map as (...args: unknown[]) => unknown
  expect(() => loose('orders', () => 1)).toThrow(
    'map takes a topic, a cache, an iterable such as [1, 2] or an operator, got "orders"',
  )
  expect(() => loose([1], 2)).toThrow('map: the second argument is a function, got 2')
  expect(() => loose({ '~snapstream.through': {} }, () => 1)).toThrow(
    'map takes a source or an operator of @snapstream/operators, got a through of another package',
  )
})

test('an error of a function is an error of the message, for onError', async () => {
  const failed: unknown[] = []
  const odd = map([1, 2, 3], (n) => {
    if (n === 2) throw new Error('two')
    return n
  })
  const deadLetter = ({ message, error }: { message: unknown; error: Error }) => failed.push([message, error.message])
  expect(await runThrough(odd, (n) => n, { onError: { deadLetter } })).toEqual([1, 3])
  expect(failed).toEqual([[2, 'two']])
})
