import { createApp } from '@snapstream/core'
import type { BatchSource, SinkTarget } from '@snapstream/core'
import type { OperatorStore } from '@snapstream/core/adapter'
import type { TopicRecord } from '@snapstream/kafka'
import { expect, expectTypeOf, test } from 'vitest'
import { aggregate, debounce, dedupe, filter, map, process, throttle, window } from './index.ts'
import type { ProcessState, Windowed } from './index.ts'

interface Order {
  readonly id: string
  readonly amount: number
}
type OrderRecord = TopicRecord<Order>

declare const orders: BatchSource<OrderRecord>
declare const lines: BatchSource<{ readonly key: string; readonly timestamp: number; readonly text: string }>
declare const counts: OperatorStore<string, number>
declare const byNumber: OperatorStore<number, number>
declare const texts: OperatorStore<string, string>
declare const pairs: SinkTarget<readonly [string, number]>

/** Never called: the compiler checks it. */
export function cases(): void {
  const { snap } = createApp()
  const minute = { sizeMs: 60_000, graceMs: 5000 }
  const merge = (a: number, b: number) => a + b

  // From a source to a result, without annotations.
  const minutes = window(orders, counts, minute, (count = 0, { value }) => count + value.amount)
  snap(minutes, { sink: [pairs] })(({ key, start, end, value }) => [key, start + end + value])
  snap(minutes)((result) => expectTypeOf(result).toEqualTypeOf<Windowed<string, number>>())
  snap(minutes, { onError: (_, message) => (expectTypeOf(message).toEqualTypeOf<OrderRecord>(), 'skip') })(() => {})
  window(orders, counts, { gapMs: 1000, graceMs: 0, merge: (a, b) => a + b, late: ({ value }) => value.id }, merge2)
  window(orders, counts, { slideMs: 1000, graceMs: 0, emit: 'updates' }, (count = 0) => count + 1)
  window(orders, counts, { count: 10 }, (count = 0) => count + 1)
  window(orders, counts, { ...minute, everyMs: 10_000 }, (count = 0) => count + 1)

  // Without a store, too.
  const sums = window(orders, minute, (sum: number = 0, { value }) => sum + value.amount)
  snap(sums)(({ value }) => expectTypeOf(value).toEqualTypeOf<number>())
  window(orders, { gapMs: 1000, graceMs: 0, merge }, (sum: number = 0, { value }) => sum + value.amount)

  const totals = aggregate(orders, counts, (sum = 0, { value }) => sum + value.amount)
  snap(totals, { sink: [pairs] })(({ key, value, message }) => [key, value + message.value.amount + message.offset])

  // Through several operators.
  const large = filter(orders, ({ value }) => value.amount > 100)
  const ids = map(large, ({ value, timestamp }) => ({ key: value.id, timestamp, amount: value.amount }))
  const chain = window(
    dedupe(ids, { by: ({ key }) => key, withinMs: 10 }),
    counts,
    minute,
    (sum = 0, { amount }) => sum + amount,
  )
  snap(chain)(({ key, value }) => expectTypeOf([key, value]).toEqualTypeOf<(string | number)[]>())
  snap(chain, { onError: (_, message) => (expectTypeOf(message).toEqualTypeOf<OrderRecord>(), 'skip') })(() => {})
  const texted = filter([1, 'a'], (message): message is string => typeof message === 'string')
  snap(texted)((text) => expectTypeOf(text).toEqualTypeOf<string>())
  snap(map([1, 2], (n) => (n > 1 ? n.toFixed() : undefined)))((text) => expectTypeOf(text).toEqualTypeOf<string>())
  snap(throttle(debounce(lines, { waitMs: 5 }), { everyMs: 5 }))(({ text }) =>
    expectTypeOf(text).toEqualTypeOf<string>(),
  )

  // State and timers.
  const told = process(orders, counts, {
    onMessage({ key, timestamp }, state) {
      expectTypeOf(state).toEqualTypeOf<ProcessState<string, number>>()
      if (key === null) return undefined
      state.put(key, timestamp)
      state.setTimer('event', timestamp + 1000, key)
      return { key, told: 'now' as const }
    },
    onTimer: ({ key, time }, state) => ({ key: key.toUpperCase(), time, last: state.getSync(key) }),
  })
  snap(told)((result) =>
    expectTypeOf(result).toEqualTypeOf<
      { key: string; told: 'now' } | { key: string; time: number; last: number | undefined }
    >(),
  )
  const several = process(orders, counts, {
    *onMessage({ value }) {
      yield value.id
      yield undefined
    },
  })
  snap(several)((id) => expectTypeOf(id).toEqualTypeOf<string>())

  // @ts-expect-error the fold gives text, and the store has numbers
  aggregate(orders, counts, (sum = 0, { value }) => sum + value.id)
  // @ts-expect-error the fold gives text, and the store has numbers
  window(orders, counts, minute, (sum = 0, { value }) => sum + value.id)
  // @ts-expect-error the store has text
  window(orders, texts, minute, (sum = 0, { value }) => sum + value.amount)
  // @ts-expect-error windows are by text
  window(orders, byNumber, minute, (sum = 0) => sum + 1)
  // @ts-expect-error the keys of the store are numbers
  aggregate(orders, byNumber, (sum = 0) => sum + 1)
  // @ts-expect-error messages without keys
  aggregate([1, 2], (sum: number = 0) => sum + 1)
  // @ts-expect-error no grace
  window(orders, counts, { sizeMs: 60_000 }, (count = 0) => count + 1)
  // @ts-expect-error no merge
  window(orders, counts, { gapMs: 60_000, graceMs: 0 }, (count = 0) => count + 1)
  // @ts-expect-error no such option
  window(orders, counts, { ...minute, grace: 0 }, (count = 0) => count + 1)
  // @ts-expect-error the sink takes numbers
  snap(minutes, { sink: [pairs] })(({ key }) => [key, key])
  // @ts-expect-error no such field
  snap(totals)(({ sum }) => sum)
  // @ts-expect-error the store has numbers
  process(orders, counts, { onMessage: ({ value }, state) => state.put('a', value.id) })
  // @ts-expect-error the keys of the store are text
  process(orders, counts, { onMessage: ({ value }, state) => state.put(value.amount, 1) })
  // @ts-expect-error no key of a state
  dedupe(orders, { by: ({ value }) => value, withinMs: 10 })
  // @ts-expect-error the store takes text, not messages
  debounce(lines, texts, { waitMs: 10 })
}

const merge2 = (count: number | undefined, { value }: OrderRecord) => (count ?? 0) + value.amount

test('types are checked by the compiler', () => {
  expect(cases).toBeTypeOf('function')
})
