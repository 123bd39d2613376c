import { expect, expectTypeOf, test } from 'vitest'
import { createApp, to } from './index.ts'
import type { BatchSource, Failure, SinkTarget, Through } from './index.ts'

declare const numbers: BatchSource<number>
declare const sums: Through<string, number>
declare const untyped: Through<Date>
declare const pairs: SinkTarget<readonly [string, number]>

/** Never called: the compiler checks it. */
export function cases(): void {
  const { snap } = createApp<{ db: string }>()

  snap([1, 2])((n, context) => {
    expectTypeOf(n).toEqualTypeOf<number>()
    expectTypeOf(context.db).toEqualTypeOf<string>()
    expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>()
  })
  snap(numbers, new Set(['a']))((message) => expectTypeOf(message).toEqualTypeOf<string | number>())
  snap(numbers, { key: (n) => n.toFixed(), concurrency: 2, timestamp: (n) => n })(() => {})
  snap(numbers, { sink: [console.log] })((n) => n)
  snap(numbers, { sink: [(s: string) => s, console.log] })((n) => n.toFixed())
  snap(numbers, { sink: [pairs] })((n) => ['a', n])
  snap(numbers, { sink: [pairs] })(async function* (n) {
    yield ['a', n]
    yield undefined
  })
  snap(numbers, { sink: [pairs, console.log] })(function* (n) {
    yield ['a', n]
    yield to(pairs, ['a', n])
    yield to(console.log, n)
  })
  snap(numbers, { sink: [pairs] })(async (n) => (n > 1 ? to(pairs, ['a', n]) : undefined))
  snap(numbers, { onError: { deadLetter: (failure: Failure<number>) => failure.message.toFixed() } })(() => {})
  expectTypeOf(snap(numbers)((n: number) => n.toFixed())).toEqualTypeOf<(n: number) => string>()

  snap(sums)((sum, { db }) => expectTypeOf([sum, db]).toEqualTypeOf<string[]>())
  snap(sums, { sink: [pairs], onError: (_, message) => (expectTypeOf(message).toEqualTypeOf<number>(), 'skip') })(
    (sum) => [sum, 1],
  )
  snap(untyped)((result) => expectTypeOf(result).toEqualTypeOf<Date>())

  const app = createApp()
  app.on('retry', ({ binding, waitMs, partition }) => {
    expectTypeOf(binding).toEqualTypeOf<string>()
    expectTypeOf(waitMs).toEqualTypeOf<number>()
    expectTypeOf(partition).toEqualTypeOf<number | undefined>()
  })
  expectTypeOf(app.on('stop', () => {})).toEqualTypeOf<() => void>()
  expectTypeOf(app.health().bindings[0]?.lag).toEqualTypeOf<number | undefined>()
  void app.stream({}, { logger: console })

  // @ts-expect-error an event that does not exist
  app.on('retries', () => {})
  // @ts-expect-error a string is not a source
  snap('orders')(() => {})
  // @ts-expect-error a through is alone
  snap(sums, numbers)(() => {})
  // @ts-expect-error the sink takes pairs
  snap(sums, { sink: [pairs] })((sum) => sum)
  // @ts-expect-error options are about the messages of the source
  snap(sums, { key: (sum: string) => sum })(() => {})
  // @ts-expect-error no source
  snap({ sink: [console.log] })(() => 1)
  // @ts-expect-error the sink takes pairs
  snap(numbers, { sink: [pairs] })((n) => n)
  // @ts-expect-error one of the two sinks only takes strings
  snap(numbers, { sink: [console.log, (s: string) => s] })((n) => n)
  // @ts-expect-error the sink does not take the values that the generator yields
  snap(numbers, { sink: [pairs] })(function* () {
    yield 1
  })
  // @ts-expect-error the sink takes pairs
  to(pairs, 1)
  // @ts-expect-error the binding does not have that sink
  snap(numbers, { sink: [(s: string) => s] })((n) => to(pairs, ['a', n]))
  // @ts-expect-error the binding does not have that sink
  snap(numbers, { sink: [pairs] })((n) => to((s: string) => s, n.toFixed()))
  // @ts-expect-error a misspelt option
  snap(numbers, { sinks: [] })(() => {})
  // @ts-expect-error key takes another type of message
  snap(numbers, { key: (s: string) => s })(() => {})
  // @ts-expect-error the context lacks a field that the app needs
  void createApp<{ db: string }>().stream({})
}

test('the compiler checks the types', () => {
  expect(cases).toBeTypeOf('function')
})
