import { expect, test } from 'vitest'
import { createApp } from './app.ts'

test('runs a generator handler over an array into a sink, in order', async () => {
  const app = createApp()
  const out: string[] = []
  app.snap([0, 1, 2, 3, 4], { sink: [(value) => void out.push(value)] })(function* hello(n) {
    yield `Hello ${n}`
  })
  expect(app.bindings).toEqual([{ name: 'hello' }])
  await app.stream()
  expect(out).toEqual(['Hello 0', 'Hello 1', 'Hello 2', 'Hello 3', 'Hello 4'])
  expect(app.bindings).toEqual([])
})
