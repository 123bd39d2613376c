import { createApp } from '@snapstream/core'
import { describe, expect, test, vi } from 'vitest'
import { memory } from '../memory/index.ts'
import { Topic } from '../topic/topic.ts'
import type { TopicOptions } from '../options/topic-options.ts'

function pair(options: TopicOptions = {}, partitions = [4, 4]) {
  const driver = memory()
  const make = (name: string, i: number, more: TopicOptions = {}) =>
    Topic(name, { groupId: 'shop', create: { partitions: partitions[i] ?? 1 }, conf: { driver }, ...more })
  return () => {
    const customers = make('customers', 0)
    const orders = make('orders', 1, { copartitionedWith: customers, ...options })
    return { customers, orders }
  }
}

describe('copartitionedWith', () => {
  test('copartitionedWith gives partition n of both topics to one member', async () => {
    const member = pair()
    const stops = new AbortController()
    const owned: Map<string, Set<number>>[] = []
    const running = [1, 2].map((n) => {
      const { customers, orders } = member()
      const app = createApp()
      const mine = new Map([
        ['customers', new Set<number>()],
        ['orders', new Set<number>()],
      ])
      owned.push(mine)
      const note = (lanes: readonly (string | number)[], how: 'add' | 'delete') => {
        for (const lane of lanes) {
          const [topic = '', partition] = String(lane).split('/')
          mine.get(topic)?.[how](Number(partition))
        }
      }
      app.on('assigned', ({ lanes }) => note(lanes, 'add'))
      app.on('revoked', ({ lanes }) => note(lanes, 'delete'))
      app.snap(customers, { name: `customers ${n}` })(() => {})
      app.snap(orders, { name: `orders ${n}` })(() => {})
      return app.stream({}, { signal: stops.signal })
    })
    await vi.waitFor(() => expect(owned.map((mine) => mine.get('orders')?.size)).toEqual([2, 2]))
    for (const mine of owned) expect(mine.get('customers')).toEqual(mine.get('orders'))
    stops.abort()
    await Promise.all(running)
  })

  test('copartitionedWith takes names and several topics', async () => {
    const driver = memory()
    const make = (name: string, options: TopicOptions = {}) =>
      Topic(name, { groupId: 'shop', until: 'end', create: { partitions: 2 }, conf: { driver }, ...options })
    const app = createApp()
    app.snap(make('a', { copartitionedWith: ['b', make('c')] }))(() => {})
    app.snap(make('b'))(() => {})
    app.snap(make('c'))(() => {})
    await expect(app.stream()).resolves.toBeUndefined()
  })

  test('copartitionedWith is refused where the other topic is not read with the same group', async () => {
    const { customers, orders } = pair()()
    await customers.open()
    const app = createApp()
    app.snap(orders)(() => {})
    await expect(app.stream()).rejects.toMatchObject({
      code: 'USAGE',
      topic: 'customers',
      message:
        'Topic(orders) is co-partitioned with "customers", which is not read here with the group "shop" and the same ' +
        'settings; bind a Topic of it with the same groupId and conf, or leave copartitionedWith out',
    })
    await customers.close()
  })

  test('copartitionedWith is refused where the numbers of partitions differ', async () => {
    const { customers, orders } = pair({}, [6, 4])()
    const app = createApp()
    app.snap(orders)(() => {})
    app.snap(customers)(() => {})
    await expect(app.stream()).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('"customers" has 6 partitions and "orders" has 4') as string,
    })
  })

  test('copartitionedWith refuses patterns and values that are no topic', () => {
    for (const copartitionedWith of [Topic(/x/), 'a b', 7, ['a', null]] as never[])
      expect(() => Topic('t', { copartitionedWith })).toThrow(
        'copartitionedWith of Topic("t") takes a topic with a name, or several',
      )
    expect(() => Topic(/x/, { copartitionedWith: 'a' })).toThrow('only topics with names can be co-partitioned')
  })
})
