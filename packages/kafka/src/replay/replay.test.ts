import { BytesCodec, createApp } from '@snapstream/core'
import { afterEach, describe, expect, test } from 'vitest'
import { driverWith } from '../fixtures/driver-with.ts'
import { Conf } from '../conf/conf.ts'
import { memory } from '../memory/index.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import { Topic } from '../topic/topic.ts'
import type { DeadLetter } from './dead-letter.ts'
import { replay } from './replay.ts'

afterEach(() => Conf.reset())

const text = (bytes: Uint8Array | null) => (bytes === null ? 'null' : new TextDecoder().decode(bytes))
const sorted = (texts: readonly string[]) => texts.toSorted((a, b) => (a < b ? -1 : 1))

/** A topic in which every record with a value of `bad` fails, and its dead letters. */
async function setup({ partitions = 1, deadPartitions = 1 } = {}) {
  const driver = memory()
  Conf({ driver })
  const dead = Topic('orders.dead', { create: { partitions: deadPartitions } })
  const input = Topic('orders', { create: { partitions } })
  await input.open()
  await dead.open()
  await dead.close()
  const kinds = ['a', 'b', 'a', 'b', 'a']
  for (const [i, kind] of kinds.entries())
    await input(kind, { key: `k${i}`, headers: { trace: `${i}` }, timestamp: 100 + i })
  await input.close()
  await work()
  return { driver, dead, work }

  async function work(): Promise<TopicRecord<string>[]> {
    const seen: TopicRecord<string>[] = []
    const app = createApp()
    app.snap(Topic('orders', { groupId: 'work', until: 'end' }), { name: 'work', onError: { deadLetter: dead } })(
      (record) => {
        seen.push(record)
        if (record.offset < kinds.length) throw new TypeError(`kind ${record.value}`)
      },
    )
    await app.stream({})
    return seen
  }
}

async function contentOf(name: string) {
  const records: TopicRecord<Uint8Array | null, Uint8Array>[] = []
  const topic = Topic(name, { codec: BytesCodec(), keyCodec: BytesCodec(), tombstones: true })
  for await (const record of topic.slice()) records.push(record)
  return records
}

const valuesOf = async (name: string) => (await contentOf(name)).map(({ value }) => text(value))
const kindOf = (letter: DeadLetter) => text(letter.value)

describe('replay', () => {
  test('replay sends each dead letter back once, as it was', async () => {
    const { dead, work } = await setup()
    expect(await replay(dead)).toEqual({ read: 5, sent: 5, skipped: 0, left: 0 })
    expect(await replay(dead)).toEqual({ read: 0, sent: 0, skipped: 0, left: 0 })
    const [first, again] = [(await contentOf('orders')).slice(0, 5), (await contentOf('orders')).slice(5)]
    expect(again).toEqual(first.map((record) => ({ ...record, offset: record.offset + 5 })))
    expect((await work()).map(({ offset }) => offset)).toEqual([5, 6, 7, 8, 9])
    expect(await contentOf('orders.dead')).toHaveLength(5)
  })

  test('where() gets the origin and the error of each dead letter', async () => {
    await setup()
    const letters: DeadLetter[] = []
    await replay('orders.dead', { where: (letter) => letters.push(letter) > 0 })
    expect(letters).toHaveLength(5)
    expect(letters[1]).toMatchObject({
      origin: { topic: 'orders', partition: 0, offset: 1 },
      timestamp: 101,
      code: 'HANDLER_FAILED',
      message: 'kind b',
      binding: 'work',
      attempts: 1,
      record: { topic: 'orders.dead', partition: 0, offset: 1 },
    })
    expect(letters[1]?.headers.map(([name, content]) => [name, text(content)])).toEqual([['trace', '1']])
    expect([text(letters[1]?.key ?? null), text(letters[1]?.value ?? null)]).toEqual(['k1', 'b'])
  })

  test('replay keeps dead letters that where() does not select, in order', async () => {
    await setup({ deadPartitions: 2 })
    const where = async (letter: DeadLetter) => kindOf(letter) === 'b'
    expect(await replay('orders.dead', { where })).toEqual({ read: 5, sent: 2, skipped: 3, left: 3 })
    expect(await replay('orders.dead', { where })).toEqual({ read: 3, sent: 0, skipped: 3, left: 3 })
    const keys: string[] = []
    expect(await replay('orders.dead', { where: ({ key }) => keys.push(text(key)) > 0 })).toMatchObject({ left: 0 })
    expect(sorted(keys)).toEqual(['k0', 'k2', 'k4'])
    expect(sorted((await valuesOf('orders')).slice(5))).toEqual(['a', 'a', 'a', 'b', 'b'])
    const [first, second] = (await contentOf('orders.dead')).filter(({ key }) => text(key) === 'k2')
    expect(second).toEqual({ ...first, offset: second?.offset })
  })

  test("dead letters that were not selected with others: 'pass' can be replayed by another group", async () => {
    await setup()
    const where = (letter: DeadLetter) => kindOf(letter) === 'b'
    const options = { others: 'pass', where } as const
    expect(await replay('orders.dead', options)).toEqual({ read: 5, sent: 2, skipped: 3, left: 0 })
    expect(await replay('orders.dead', { groupId: 'other' })).toEqual({ read: 5, sent: 5, skipped: 0, left: 0 })
    expect(await contentOf('orders.dead')).toHaveLength(5)
  })

  test.each([1, 3])(
    'sends no more than the limit, over %d partitions, and goes on behind it',
    async (deadPartitions) => {
      await setup({ deadPartitions })
      const where = () => new Promise<boolean>((resolve) => setTimeout(resolve, 1, true))
      expect(await replay('orders.dead', { limit: 2, where })).toEqual({ read: 2, sent: 2, skipped: 0, left: 3 })
      expect(await replay('orders.dead', { limit: 1 })).toEqual({ read: 1, sent: 1, skipped: 0, left: 2 })
      expect(await replay('orders.dead', { limit: 2 })).toEqual({ read: 2, sent: 2, skipped: 0, left: 0 })
      const keys = (await contentOf('orders')).slice(5).map(({ key }) => text(key))
      expect(sorted(keys)).toEqual(['k0', 'k1', 'k2', 'k3', 'k4'])
    },
  )

  test('replay stops reading at the limit', async () => {
    await setup()
    const where = ({ origin }: DeadLetter) => origin?.offset === 0
    expect(await replay('orders.dead', { limit: 1, where })).toEqual({ read: 1, sent: 1, skipped: 0, left: 4 })
    expect(await contentOf('orders.dead')).toHaveLength(5)
  })

  test('a dry run only counts', async () => {
    await setup({ deadPartitions: 2 })
    const where = (letter: DeadLetter) => kindOf(letter) === 'a'
    const dry = { dryRun: true, where }
    expect(await replay('orders.dead', dry)).toEqual({ read: 5, sent: 3, skipped: 2, left: 5 })
    expect(await replay('orders.dead', { dryRun: true, limit: 2 })).toEqual({ read: 2, sent: 2, skipped: 0, left: 5 })
    expect(await Topic('orders.dead', { groupId: 'orders.dead.replay' }).committed()).toEqual([])
    expect([await valuesOf('orders'), await valuesOf('orders.dead')].map(({ length }) => length)).toEqual([5, 5])
    await replay('orders.dead', { where })
    expect(await replay('orders.dead', dry)).toEqual({ read: 2, sent: 0, skipped: 2, left: 2 })
    await replay('orders.dead')
    expect(await replay('orders.dead', dry)).toEqual({ read: 0, sent: 0, skipped: 0, left: 0 })
  })

  test('replay can send to another topic, to the same partition, with the current time', async () => {
    await setup({ partitions: 3 })
    const repaired = Topic('repaired', { create: { partitions: 3 } })
    await repaired.open()
    await repaired.close()
    const before = Date.now()
    await replay('orders.dead', { to: 'repaired', partition: 'original', timestamp: 'now' })
    const place = ({ key, partition }: TopicRecord<Uint8Array | null, Uint8Array>) => `${text(key)} in ${partition}`
    expect(sorted((await contentOf('repaired')).map(place))).toEqual(sorted((await contentOf('orders')).map(place)))
    for (const { timestamp } of await contentOf('repaired')) expect(timestamp).toBeGreaterThanOrEqual(before)
    expect(await contentOf('orders')).toHaveLength(5)
  })

  test('replay keeps tombstones, records without a key, and binary content', async () => {
    Conf({ driver: memory() })
    const odd = Topic('odd', { create: true, codec: BytesCodec(), keyCodec: BytesCodec() })
    await odd.open()
    await odd(null, { key: new Uint8Array([0xff]) })
    await odd(new Uint8Array([0xfe]), { headers: [['h', new Uint8Array([0xfd])]] })
    await odd(null)
    await odd.close()
    const app = createApp()
    const dead = Topic('odd.dead', { create: true })
    app.snap(Topic('odd', { groupId: 'g', until: 'end', tombstones: true }), { onError: { deadLetter: dead } })(() => {
      throw new Error('no')
    })
    await app.stream({})
    expect(await replay(dead)).toMatchObject({ sent: 3, left: 0 })
    const records = await contentOf('odd')
    expect(records.slice(3)).toEqual(records.slice(0, 3).map((record) => ({ ...record, offset: record.offset + 3 })))
  })
})

describe('records without an origin', () => {
  /** The third of five records. */
  async function mixed() {
    const { dead } = await setup()
    const letters = await contentOf('orders.dead')
    Conf({ driver: memory() })
    for (const name of ['orders', 'orders.dead']) {
      const topic = Topic(name, { create: true, codec: BytesCodec(), keyCodec: BytesCodec() })
      await topic.open()
      if (name !== 'orders')
        for (const [i, { value, key, headers }] of letters.entries())
          await topic(value, { key, headers: i === 2 ? [] : headers })
      await topic.close()
    }
    return dead
  }

  test('a record without an origin ends the replay, and records sent before it are committed', async () => {
    await mixed()
    const failure = replay('orders.dead')
    await expect(failure).rejects.toMatchObject({ code: 'DECODE_FAILED', topic: 'orders.dead', offset: 2 })
    await expect(failure).rejects.toThrow('has no origin')
    expect(await valuesOf('orders')).toEqual(['a', 'b'])
    await expect(replay('orders.dead')).rejects.toMatchObject({ code: 'DECODE_FAILED' })
    expect(await valuesOf('orders')).toEqual(['a', 'b'])
    expect(await replay('orders.dead', { foreign: 'pass' })).toEqual({ read: 3, sent: 2, skipped: 1, left: 0 })
    expect(await valuesOf('orders')).toEqual(['a', 'b', 'b', 'a'])
  })

  test('a record without an origin is kept, or sent to the topic that is named', async () => {
    await mixed()
    expect(await replay('orders.dead', { foreign: 'keep' })).toEqual({ read: 5, sent: 4, skipped: 1, left: 1 })
    const all = { to: 'orders', where: ({ origin }: DeadLetter) => origin === undefined }
    expect(await replay('orders.dead', all)).toEqual({ read: 1, sent: 1, skipped: 0, left: 0 })
    expect(await valuesOf('orders')).toEqual(['a', 'b', 'b', 'a', 'a'])
  })
})

describe('the targets of a replay', () => {
  const said = (topic: string) =>
    [
      ['snapstream.topic', topic],
      ['snapstream.partition', '0'],
      ['snapstream.offset', '0'],
    ] as const
  const headersFrom = (topic: string) =>
    said(topic).map(([name, value]) => [name, new TextEncoder().encode(value)] as const)

  async function topics(...names: readonly string[]) {
    Conf({ driver: memory() })
    for (const name of names) {
      const topic = Topic(name, { create: true })
      await topic.open()
      await topic.close()
    }
  }

  /** A record that another client wrote to the dead letter topic. */
  async function planted(...origins: readonly string[]) {
    await topics('orders', 'payments', 'orders.dead')
    await using dead = Topic('orders.dead')
    await dead.open()
    for (const origin of origins) await dead(`from ${origin}`, { headers: headersFrom(origin) })
  }

  test('a record with origin headers of its own returns to the topic where it was read, with them', async () => {
    await topics('public', 'payments', 'public.dead')
    const input = Topic('public', { groupId: 'g', until: 'end' })
    await input.open()
    await input('not what the handler takes', { headers: headersFrom('payments') })
    await input.close()
    const app = createApp()
    app.snap(input, { onError: { deadLetter: Topic('public.dead') } })(() => {
      throw new Error('no')
    })
    await app.stream({})
    expect(await replay('public.dead')).toEqual({ read: 1, sent: 1, skipped: 0, left: 0 })
    const [first, again] = await contentOf('public')
    expect(again).toEqual({ ...first, offset: 1 })
    expect(await contentOf('payments')).toEqual([])
  })

  test('a dead letter of a topic that is not a target is refused by name and stays', async () => {
    await planted('orders', 'payments', 'orders')
    const targets = ['orders']
    const failure = replay('orders.dead', { targets })
    await expect(failure).rejects.toMatchObject({ code: 'SINK_REFUSED', topic: 'orders.dead', partition: 0, offset: 1 })
    await expect(failure).rejects.toThrow('came from "payments", which is not among the targets of this replay: orders')
    expect(await valuesOf('orders')).toEqual(['from orders'])
    expect(await replay('orders.dead', { targets, foreign: 'keep' })).toEqual({ read: 2, sent: 1, skipped: 1, left: 1 })
    expect(await valuesOf('payments')).toEqual([])
    expect(await replay('orders.dead', { targets: ['orders', 'payments'] })).toMatchObject({ sent: 1, left: 0 })
    expect(await valuesOf('payments')).toEqual(['from payments'])
  })

  test.each(['__consumer_offsets', 'orders.dead'])('replay does not send to %s unless it is named', async (origin) => {
    await planted(origin)
    const refused = { code: 'SINK_REFUSED', message: expect.stringContaining(`"${origin}"`) }
    await expect(replay('orders.dead')).rejects.toMatchObject(refused)
    expect(await replay('orders.dead', { foreign: 'keep' })).toMatchObject({ sent: 0, skipped: 1, left: 1 })
  })
})

describe('a replay that fails', () => {
  test('an error or invalid result of where() ends the replay after the dead letters before it are sent and committed', async () => {
    await setup()
    let calls = 0
    const where = async () => {
      if (++calls === 3) throw new Error('lost')
      return true
    }
    await expect(replay('orders.dead', { where })).rejects.toMatchObject({
      code: 'HANDLER_FAILED',
      cause: { message: 'lost' },
    })
    await expect(replay('orders.dead', { where: (() => {}) as never })).rejects.toThrow('true or false, got undefined')
    expect(await replay('orders.dead')).toEqual({ read: 3, sent: 3, skipped: 0, left: 0 })
    expect(await valuesOf('orders')).toHaveLength(10)
  })

  test('a missing topic loses no dead letter', async () => {
    await setup()
    await expect(replay('orders.dead', { to: 'gone' })).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
    await expect(replay('gone.dead')).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
    expect(await replay('orders.dead')).toEqual({ read: 5, sent: 5, skipped: 0, left: 0 })
  })

  test('a record that the broker refuses is sent again by the next call', async () => {
    const { driver } = await setup()
    let refusing = true
    const refuse = () => Promise.reject(new Error('refused'))
    Conf({
      driver: driverWith(driver, {
        producer: ({ send }) => ({ send: (batches) => (refusing ? refuse() : send(batches)) }),
      }),
    })
    await expect(replay('orders.dead')).rejects.toThrow('refused')
    expect(await Topic('orders.dead', { groupId: 'orders.dead.replay' }).committed()).toEqual([])
    refusing = false
    expect(await replay('orders.dead')).toEqual({ read: 5, sent: 5, skipped: 0, left: 0 })
  })

  test('a crash between acknowledgement and commit sends the records again', async () => {
    const { driver } = await setup()
    const commit = () => Promise.reject(new Error('gone'))
    Conf({ driver: driverWith(driver, { consumer: () => ({ commit }) }) })
    await expect(replay('orders.dead', { limit: 2 })).rejects.toThrow('gone')
    Conf({ driver })
    expect(await replay('orders.dead')).toEqual({ read: 5, sent: 5, skipped: 0, left: 0 })
    const again = (await contentOf('orders')).slice(5).map(({ key }) => text(key))
    expect(again).toEqual(['k0', 'k1', 'k0', 'k1', 'k2', 'k3', 'k4'])
  })

  test('a signal ends a replay gracefully', async () => {
    await setup()
    const stopping = new AbortController()
    const where = () => {
      stopping.abort()
      return true
    }
    const { signal } = stopping
    expect(await replay('orders.dead', { where, signal })).toEqual({ read: 1, sent: 1, skipped: 0, left: 4 })
    expect(await replay('orders.dead', { signal })).toEqual({ read: 0, sent: 0, skipped: 0, left: 4 })
  })

  test.each([
    [{ wher: () => true }, "no option 'wher'; did you mean 'where'?"],
    [{ colour: 1 }, 'it takes where, limit'],
    [{ where: true }, 'where of replay takes a function, got true'],
    [{ limit: 0 }, 'limit of replay takes a whole number of 1 or more, got 0'],
    [{ limit: 1.5 }, 'got 1.5'],
    [{ others: 'drop' }, "others of replay takes 'keep' or 'pass', got \"drop\""],
    [{ foreign: true }, "foreign of replay takes 'stop' or 'keep' or 'pass'"],
    [{ to: 'a b' }, 'to of replay takes the name of a topic'],
    [{ to: 'orders.dead' }, 'cannot send the dead letters of orders.dead to orders.dead'],
    [{ targets: 'orders' }, 'targets of replay takes names of topics'],
    [{ targets: [] }, 'targets of replay takes names of topics'],
    [{ targets: ['orders.dead'] }, 'cannot send the dead letters of orders.dead to orders.dead'],
    [{ targets: ['orders'], to: 'orders' }, 'leave one out'],
    [{ partition: 0 }, 'partition of replay'],
    [{ timestamp: 0 }, 'timestamp of replay'],
    [{ dryRun: 1 }, 'dryRun of replay'],
    [{ groupId: '' }, 'groupId of replay takes a name'],
    [{ signal: {} }, 'signal of replay takes an AbortSignal'],
    [null, 'takes an object of options, got null'],
  ])('the options %j are refused', async (options, why) => {
    const failure = replay('orders.dead', options as never)
    await expect(failure).rejects.toMatchObject({ code: 'USAGE' })
    await expect(failure).rejects.toThrow(why)
  })

  test('replay rejects an argument that is not a topic', async () => {
    await expect(replay(() => {})).rejects.toThrow('replay takes a topic or its name')
  })
})

test('a dead letter of an unreadable batch is not sent: it ends the replay, is kept, or is passed', async () => {
  Conf({ driver: memory() })
  const dead = Topic('orders.dead', { create: true })
  await dead.open()
  const headers = {
    'snapstream.topic': 'orders',
    'snapstream.partition': '0',
    'snapstream.offset': '17',
    'snapstream.offset.next': '40',
    'snapstream.timestamp': '5',
  }
  await dead('a batch', { headers })
  await dead.close()
  await expect(replay(dead, { to: 'elsewhere' })).rejects.toMatchObject({
    code: 'DECODE_FAILED',
    message: expect.stringContaining('the records at offsets 17 to 39 of orders/0 that could not be read'),
  })
  expect(await replay(dead, { foreign: 'pass' })).toEqual({ read: 1, sent: 0, skipped: 1, left: 0 })
})
