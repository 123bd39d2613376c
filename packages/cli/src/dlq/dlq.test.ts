import { BytesCodec, createApp } from '@snapstream/core'
import { Admin, Conf, Topic } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { memory } from '@snapstream/kafka/memory'
import { afterEach, describe, expect, test } from 'vitest'
import { jsonLines, run } from '../fixtures/run.ts'

afterEach(() => Conf.reset())

/** Dead letters of three records: "two" and "three" were refused by the handler, one is no text. */
async function prepared(): Promise<Driver> {
  const driver = memory()
  const conf = { driver }
  await using admin = Admin(conf)
  for (const name of ['orders', 'orders-dead']) await admin.createTopic(name)
  await using raw = Topic<Uint8Array>('orders', { codec: BytesCodec(), conf })
  await raw.open()
  const start = Date.UTC(2026, 0, 31, 12)
  for (const [i, text] of ['1', 'two', '\u0000', 'three'].entries())
    await raw(text === '\u0000' ? new Uint8Array([255]) : new TextEncoder().encode(text), {
      key: `k${i}`,
      timestamp: start + i * 1000,
      headers: { via: 'web' },
    })
  const app = createApp()
  const dead = Topic('orders-dead', { conf })
  app.snap(Topic('orders', { groupId: 'totals', until: 'end', conf }), { onError: { deadLetter: dead } })(function sum({
    value,
  }) {
    if (Number.isNaN(Number(value))) throw new RangeError(`${value} is no number`)
  })
  await app.stream()
  return driver
}

const values = async (driver: Driver, topic = 'orders') =>
  jsonLines((await run(['topic', topic, '--json'], { driver })).stdout).map(({ value }) => value)

describe('list', () => {
  test('the first letters are shown before the last are read', async () => {
    const driver = memory()
    const conf = { driver }
    await using admin = Admin(conf)
    await admin.createTopic('dead')
    await using topic = Topic('dead', { conf })
    await topic.open()
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => topic(`letter ${i}`, { key: `k${i}` })))
    const interruption = new AbortController()
    let shown = ''
    const { code, stdout } = await run(['dlq', 'dead'], {
      driver,
      signal: interruption.signal,
      onOutput(text) {
        shown ||= text
        interruption.abort()
      },
    })
    expect(shown).toContain('0/0')
    expect(shown).not.toContain('0/9999')
    expect(stdout.split('\n').length).toBeLessThan(10_000)
    expect(code).toBe(130)
  })

  test.each([[['dlq', 'orders-dead']], [['dlq', 'list', 'orders-dead']]])('%j has a line for each', async (args) => {
    expect(await run(args, { driver: await prepared() })).toEqual({
      code: 0,
      stdout: `AT   TIME                       FROM        KEY  CODE            TRIES  MESSAGE
0/0  2026-01-31T12:00:01+00:00  orders/0/1  k1   HANDLER_FAILED      1  two is no number
0/1  2026-01-31T12:00:02+00:00  orders/0/2  k2   DECODE_FAILED       1  the value of orders/0 offset 2 did not decode: 1 bytes are not UTF-8; use BytesCodec()
0/2  2026-01-31T12:00:03+00:00  orders/0/3  k3   HANDLER_FAILED      1  three is no number
`,
      stderr: '',
    })
  })

  test.each([
    [['--code', 'DECODE_FAILED'], [1]],
    [
      ['-k', 'k[13]'],
      [0, 2],
    ],
    [['-v', 'thr'], [2]],
    [
      ['--from', 'orders', '-n', '2'],
      [0, 1],
    ],
    [['--from', 'others'], []],
  ])('%j chooses', async (args, expected) => {
    const { stdout } = await run(['dlq', 'list', 'orders-dead', '--json', ...args], { driver: await prepared() })
    expect(jsonLines(stdout).map(({ offset }) => offset)).toEqual(expected)
  })

  test('--json has the original record and the reason of the failure', async () => {
    const { stdout } = await run(['dlq', 'orders-dead', '--json', '-n', '2'], { driver: await prepared() })
    expect(jsonLines(stdout)).toMatchObject([
      {
        topic: 'orders-dead',
        partition: 0,
        offset: 0,
        origin: { topic: 'orders', partition: 0, offset: 1 },
        code: 'HANDLER_FAILED',
        message: 'two is no number',
        binding: 'sum',
        attempts: 1,
        timestamp: Date.UTC(2026, 0, 31, 12, 0, 1),
        key: 'k1',
        value: 'two',
        headers: [['via', 'web']],
      },
      { value: '/w==', valueEncoding: 'base64' },
    ])
  })

  test('a record that another program wrote has no origin', async () => {
    const driver = await prepared()
    await run(['topic', 'orders-dead', '--produce'], { driver, stdin: 'foreign\n' })
    const { stdout } = await run(['dlq', 'orders-dead', '--json', '-v', 'foreign'], { driver })
    expect(jsonLines(stdout)).toMatchObject([{ origin: null, code: null, attempts: null, value: 'foreign' }])
    expect((await run(['dlq', 'orders-dead', '-v', 'foreign'], { driver })).stdout).toMatch(/0\/3 .* - +- +- +- +-\n$/)
  })
})

describe('show', () => {
  test('prints one dead letter in full', async () => {
    const { code, stdout } = await run(['dlq', 'show', 'orders-dead', '-o', '0'], { driver: await prepared() })
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `
>>> at: orders-dead/0 offset 0
>>> from: orders/0 offset 1
>>> error: HANDLER_FAILED
>>> message: two is no number
>>> binding: sum
>>> attempts: 1
>>> timestamp: 2026-01-31T12:00:01+00:00
>>> header: via: web
>>> key: k1
two
`,
    })
  })

  test('prints all waiting dead letters', async () => {
    const { stdout } = await run(['dlq', 'show', 'orders-dead'], { driver: await prepared() })
    expect(stdout.match(/>>> at: /g)).toHaveLength(3)
    expect(stdout).toContain('>>> key: k2\n<1 byte: ff>\n')
  })

  test('refuses an offset that does not exist', async () => {
    expect(await run(['dlq', 'show', 'orders-dead', '-o', '7'], { driver: await prepared() })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'snapstream: no dead letter at offset 7 matches the options\n',
    })
  })

  test('an offset needs a partition if the topic has several', async () => {
    const driver = memory()
    await using admin = Admin({ driver })
    await admin.createTopic('many-dead', { partitions: 2 })
    const { code, stderr } = await run(['dlq', 'show', 'many-dead', '-o', '0'], { driver })
    expect(stderr).toContain('--offset needs --partition: "many-dead" has 2 partitions')
    expect(code).toBe(2)
  })
})

describe('replay', () => {
  test('sends dead letters back, which are no longer listed then', async () => {
    const driver = await prepared()
    const dry = await run(['dlq', 'replay', 'orders-dead', '--dry-run'], { driver })
    expect(dry).toEqual({ code: 0, stdout: 'would send 3 and skip 0 of 3; 3 wait\n', stderr: '' })
    expect(await values(driver)).toHaveLength(4)

    const one = await run(['dlq', 'replay', 'orders-dead', '--code', 'DECODE_FAILED'], { driver })
    expect(one.stdout).toBe('sent 1, skipped 2 of 3; 2 wait\n')
    expect(await values(driver)).toEqual(['1', 'two', '/w==', 'three', '/w=='])
    const waiting = await run(['dlq', 'orders-dead', '--json'], { driver })
    expect(jsonLines(waiting.stdout).map(({ value }) => value)).toEqual(['two', 'three'])
    const all = await run(['dlq', 'orders-dead', '--json', '--all'], { driver })
    expect(jsonLines(all.stdout)).toHaveLength(5)

    const rest = await run(['dlq', 'replay', 'orders-dead', '--json', '--others', 'pass'], { driver })
    expect(jsonLines(rest.stdout)).toEqual([{ read: 2, sent: 2, skipped: 0, left: 0, dryRun: false }])
    expect((await run(['dlq', 'orders-dead'], { driver })).stdout).toBe('')
  })

  test('sends to another topic, with another group and a limit', async () => {
    const driver = await prepared()
    await using admin = Admin({ driver })
    await admin.createTopic('again')
    const args = ['dlq', 'replay', 'orders-dead', '--to', 'again', '--group', 'g', '-n', '1', '--timestamp', 'now']
    expect((await run(args, { driver })).stdout).toBe('sent 1, skipped 0 of 1; 2 wait\n')
    expect(await values(driver, 'again')).toEqual(['two'])
    expect(await run(['dlq', 'orders-dead', '--json', '--group', 'g'], { driver })).toMatchObject({
      stdout: expect.stringContaining('"offset":1'),
    })
  })

  test('refuses an unknown choice, and the dead letter topic itself as the target', async () => {
    const driver = await prepared()
    const others = await run(['dlq', 'replay', 'orders-dead', '--others', 'drop'], { driver })
    expect(others).toMatchObject({ code: 2, stderr: expect.stringContaining('Allowed choices are keep, pass') })
    const circle = await run(['dlq', 'replay', 'orders-dead', '--to', 'orders-dead'], { driver })
    expect(circle).toMatchObject({ code: 2, stderr: expect.stringContaining('which is the dead letter topic itself') })
  })
})
