import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Cache } from '@snapstream/cache'
import { JsonCodec } from '@snapstream/codecs/json'
import { Topic } from '@snapstream/kafka'
import { describe, expect, test, vi } from 'vitest'
import { brokers } from '../odd-days/odd-day.ts'
import { killOneOfTwo, startDay, type RunningProgram } from './two-processes.ts'

const LONG = { timeout: 180_000 }
const patience = { timeout: 60_000, interval: 250 }
const KEYS = Array.from({ length: 40 }, (_, i) => `key ${i}`)
const keyOf = (n: number) => KEYS[n % KEYS.length]!
const MINUTE = 60_000
const read = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8')

async function writer(name: string) {
  const topic = Topic(name, { codec: JsonCodec(), conf: { brokers } })
  await topic.open()
  return topic
}

/** All records of a topic as pairs of key and value. */
async function pairsOf<T>(name: string): Promise<[key: string, value: T][]> {
  await using topic = Topic(name, { codec: JsonCodec<T>(), conf: { brokers } })
  const pairs: [string, T][] = []
  for await (const { key, value } of topic.slice(0)) pairs.push([key ?? '', value])
  return pairs
}

/** Starts an HTTP service. */
async function serve(answer: (url: string, body: string) => Promise<{ status: number; text?: string }>) {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk as string
    const { status, text } = await answer(request.url ?? '', body)
    response.writeHead(status).end(text)
  })
  server.listen(0, '127.0.0.1')
  await vi.waitFor(() => expect(server.listening).toBe(true))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function expectGraceful(programs: readonly RunningProgram[]): Promise<void> {
  const ended = await Promise.all(
    programs.map(async (program) => ({ code: await program.stop(), said: program.stderr() })),
  )
  expect(ended.filter(({ code }) => code !== 0)).toEqual([])
}

/** The numbers by key, in the order of their first occurrence. Ignores duplicates. */
function firstOf(rows: Iterable<readonly [key: string, n: number]>): Map<string, number[]> {
  const byKey = new Map<string, Set<number>>()
  for (const [key, n] of rows) byKey.set(key, (byKey.get(key) ?? new Set()).add(n))
  return new Map([...byKey].map(([key, numbers]) => [key, [...numbers]]))
}

/** The numbers written under each key, in order. */
const written = (count: number) => firstOf(Array.from({ length: count }, (_, n) => [keyOf(n), n] as const))

const sizeOf = (byKey: ReadonlyMap<string, readonly number[]>) =>
  [...byKey.values()].reduce((sum, { length }) => sum + length, 0)

describe.skipIf(brokers === '').concurrent('a program in two processes, of which one is killed', () => {
  test(
    'that joins orders with customers finds the customer of each order, even if the customer arrives later',
    LONG,
    async () => {
      await using day = await startDay('enrichment', ['customers', 'orders', 'enriched'])
      await using customers = await writer(day.topics[0]!)
      await using orders = await writer(day.topics[1]!)
      const enriched = day.topics[2]!
      // Every tenth order is the first of a customer, who is written ten orders later.
      const customerOf = (n: number) => `customer ${Math.floor(n / 10)}`
      const addCustomer = (n: number) => customers({ name: `name of ${customerOf(n)}` }, { key: customerOf(n) })
      const feeding = day.feed(async (n) => {
        await orders({ id: n }, { key: customerOf(n) })
        if (n >= 10 && n % 10 === 0) await addCustomer(n - 10)
      })
      const programs = await killOneOfTwo(day, 'second', 'enriched orders', () => day.ends(enriched))
      const count = await feeding.stop()
      await addCustomer(count - 1)
      const found = async () =>
        new Map(
          (await pairsOf<{ id: number; customer: string }>(enriched)).map(([key, { id, customer }]) => [
            id,
            [key, customer],
          ]),
        )
      await vi.waitFor(async () => expect((await found()).size).toBe(count), patience)
      await expectGraceful(programs)
      const expected = Array.from({ length: count }, (_, n) => [n, [customerOf(n), `name of ${customerOf(n)}`]])
      expect([...(await found())].toSorted(([a], [b]) => a - b)).toEqual(expected)
    },
  )

  test('that alerts on the third payment of a card within a minute writes each alert and no other', LONG, async () => {
    await using day = await startDay('fraud', ['payments', 'alerts'])
    await using payments = await writer(day.topics[0]!)
    const alerts = day.topics[1]!
    const begin = Date.now() - 30 * MINUTE
    // Each card pays every 12 s and pauses for two minutes after six payments.
    const timeOf = (n: number) => {
      const nth = Math.floor(n / KEYS.length)
      return begin + nth * 12_000 + Math.floor(nth / 6) * 2 * MINUTE
    }
    const feeding = day.feed((n) => payments({ id: n }, { key: keyOf(n), timestamp: timeOf(n) }))
    const programs = await killOneOfTwo(day, 'first', 'alerts', () => day.ends(alerts))
    const count = await feeding.stop()
    const all = Array.from({ length: count }, (_, n) => n)
    const expected = all.filter((n) => Math.floor(n / KEYS.length) % 6 >= 2)
    const found = async () =>
      firstOf((await pairsOf<{ payment: number }>(alerts)).map(([card, { payment }]) => [card, payment]))
    await vi.waitFor(async () => expect(sizeOf(await found())).toBeGreaterThanOrEqual(expected.length), patience)
    await expectGraceful(programs)
    expect(await found()).toEqual(firstOf(expected.map((n) => [keyOf(n), n])))
  })

  test('that writes to a database in batches writes each record, in the order of its key', LONG, async () => {
    const rows: (readonly [sensor: string, n: number])[] = []
    let calls = 0
    using service = await serve(async (_, body) => {
      calls++
      // Refuses one call in five; stores one in seven without acknowledging it.
      if (calls % 5 === 0) return { status: 503 }
      for (const { sensor, n } of JSON.parse(body) as { sensor: string; n: number }[]) rows.push([sensor, n])
      return { status: calls % 7 === 0 ? 504 : 200 }
    })
    await using day = await startDay('bulk-write', ['measurements'], service.url)
    await using measurements = await writer(day.topics[0]!)
    const feeding = day.feed((n) => measurements({ n }, { key: keyOf(n) }))
    const byKey = async () => {
      const found = firstOf(rows)
      return KEYS.map((key) => found.get(key)?.length ?? 0)
    }
    const programs = await killOneOfTwo(day, 'second', 'rows', byKey)
    const count = await feeding.stop()
    await vi.waitFor(() => expect(sizeOf(firstOf(rows))).toBeGreaterThanOrEqual(count), patience)
    await expectGraceful(programs)
    expect(firstOf(rows)).toEqual(written(count))
  })

  test('that looks up each record over HTTP writes each record, in the order of its key', LONG, async () => {
    let calls = 0
    using service = await serve(async (asked) => {
      calls++
      if (calls % 50 === 0) return { status: 503 }
      await new Promise((resolve) => setTimeout(resolve, (calls % 10) * 2))
      return { status: 200, text: `country of ${new URL(asked, 'http://here').searchParams.get('visitor')}` }
    })
    await using day = await startDay('look-ups', ['visits', 'located'], service.url)
    await using visits = await writer(day.topics[0]!)
    const located = day.topics[1]!
    const feeding = day.feed((n) => visits({ n }, { key: keyOf(n) }))
    const programs = await killOneOfTwo(day, 'first', 'visits that are located', () => day.ends(located))
    const count = await feeding.stop()
    const found = () => pairsOf<{ n: number; country: string }>(located)
    const numbers = async () => firstOf((await found()).map(([key, { n }]) => [key, n]))
    await vi.waitFor(async () => expect(sizeOf(await numbers())).toBeGreaterThanOrEqual(count), patience)
    await expectGraceful(programs)
    expect(await numbers()).toEqual(written(count))
    for (const [key, { country }] of await found()) expect(country).toBe(`country of ${key}`)
  })
})

describe.skipIf(brokers === '').concurrent('a program that counts windows in a cache', () => {
  const begin = Math.floor(Date.now() / MINUTE) * MINUTE - 60 * MINUTE
  /** Each page is visited once per second of event time. */
  const timeOf = (n: number) => begin + Math.floor(n / KEYS.length) * 1000

  async function countsIn({ folder }: RunningProgram): Promise<Map<string, number>> {
    await using counts = Cache<string, number>(join(folder, 'db/counts'), { readOnly: true })
    await counts.open()
    const found = new Map<string, number>()
    for await (const [window, count] of counts.entries()) found.set(window, count)
    return found
  }
  const sumIn = async (program: RunningProgram) => [...(await countsIn(program)).values()].reduce((a, b) => a + b, 0)

  test('in one process that is killed repeatedly counts each record once', LONG, async () => {
    await using day = await startDay('windows', ['clicks'])
    await using clicks = await writer(day.topics[0]!)
    const feeding = day.feed((n) => clicks('click', { key: keyOf(n), timestamp: timeOf(n) }))
    // Static membership: the process rejoins without waiting for the session timeout.
    const start = () => day.start('only', { KAFKA_GROUP_INSTANCE_ID: 'only' })
    for (let kill = 0; kill < 4; kill++) {
      const program = start()
      await day.grown('clicks that are counted', async () => [await sumIn(program).catch(() => 0)])
      await program.kill()
    }
    const program = start()
    const count = await feeding.stop()
    await vi.waitFor(async () => expect(await sumIn(program)).toBeGreaterThanOrEqual(count), patience)
    await expectGraceful([program])
    const expected = new Map<string, number>()
    for (let n = 0; n < count; n++) {
      const window = `${Math.floor(timeOf(n) / MINUTE)} ${keyOf(n)}`
      expected.set(window, (expected.get(window) ?? 0) + 1)
    }
    expect(await countsIn(program)).toEqual(expected)
  })

  test(
    'in two processes reports the lanes whose state stays behind, as the documents say at their start',
    LONG,
    async () => {
      await using day = await startDay('windows', ['clicks'])
      await using clicks = await writer(day.topics[0]!)
      const feeding = day.feed((n) => clicks('click', { key: keyOf(n), timestamp: timeOf(n) }))
      const first = day.start('first')
      await day.shared(first)
      await day.grown('clicks that are counted', async () => [await sumIn(first).catch(() => 0)])
      expect(first.stderr()).toBe('')
      const second = day.start('second')
      await day.shared(first, second)
      const told = new RegExp(`snapstream moved: .*lanes .*${day.topics[0]}/[0-3].*keptBy .*db/counts`)
      await vi.waitFor(() => expect(first.stderr()).toMatch(told), patience)
      await feeding.stop()
      await expectGraceful([first, second])
      for (const path of ['README.md', 'packages/cache/README.md', 'docs/delivery.md'])
        expect(read(path)).toMatch(
          /A cache (belongs to its process|is a folder of the process|does not move with its partitions)/i,
        )
      for (const path of ['packages/cache/README.md', 'docs/delivery.md'])
        expect(read(path).split('\n').slice(0, 8).join('\n')).toContain('#when-partitions-move')
    },
  )
})
