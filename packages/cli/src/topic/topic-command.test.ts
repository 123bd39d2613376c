import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BytesCodec } from '@snapstream/core'
import { AvroCodec } from '@snapstream/codecs'
import { recordSchema } from '@snapstream/codecs/src/fixtures/record-schema.ts'
import { Admin, Conf, Topic } from '@snapstream/kafka'
import type { RecordMeta } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { memory } from '@snapstream/kafka/memory'
import { afterEach, describe, expect, test } from 'vitest'
import { jsonLines, run, temporaryFolder } from '../fixtures/run.ts'

afterEach(() => Conf.reset())

type Row = readonly [value: string | Uint8Array | null, meta?: RecordMeta & { readonly key?: string | Uint8Array }]

const bytes = (content: string | Uint8Array) =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content

async function topicOf(rows: readonly Row[], { partitions = 1, name = 'emoji' } = {}): Promise<Driver> {
  const driver = memory()
  await using admin = Admin({ driver })
  await admin.createTopic(name, { partitions })
  await using topic = Topic<Uint8Array, Uint8Array>(name, {
    codec: BytesCodec(),
    keyCodec: BytesCodec(),
    conf: { driver },
  })
  await topic.open()
  for (const [i, [value, { key, ...meta } = {}]] of rows.entries())
    await topic(value === null ? null : bytes(value), {
      key: key === undefined ? null : bytes(key),
      timestamp: Date.UTC(2023, 3, 28, 17, 31, 51, 775) + i * 1000,
      ...meta,
    })
  return driver
}

describe('the output', () => {
  test('has the format of the Python tool', async () => {
    const driver = await topicOf([['🏆'], ['📞', { key: 'phone', timestamp: Date.UTC(2023, 0, 1) }]])
    expect(await run(['topic', 'emoji'], { driver })).toEqual({
      code: 0,
      stdout: `
>>> timestamp: 2023-04-28T17:31:51.775000+00:00
>>> offset: 0
>>> key:
🏆

>>> timestamp: 2023-01-01T00:00:00+00:00
>>> offset: 1
>>> key: phone
📞
`,
      stderr: '',
    })
  })

  test('has the partition if the topic has several', async () => {
    const driver = await topicOf([['a', { partition: 1 }]], { partitions: 2 })
    expect((await run(['topic', 'emoji'], { driver })).stdout).toContain('>>> partition: 1\n>>> offset: 0\n')
  })

  test('distinguishes bytes and tombstones from texts', async () => {
    const driver = await topicOf([[new Uint8Array([255, 0, 97]), { key: new Uint8Array([254]) }], [null], ['']])
    const { stdout } = await run(['topic', 'emoji'], { driver })
    expect(stdout).toContain('>>> key: <1 byte: fe>\n<3 bytes: ff 00 61>\n')
    expect(stdout).toContain('>>> key:\n<tombstone>\n')
    const [raw, none, empty] = jsonLines((await run(['topic', 'emoji', '--json'], { driver })).stdout)
    expect(raw).toMatchObject({ key: '/g==', keyEncoding: 'base64', value: '/wBh', valueEncoding: 'base64' })
    expect(none).toEqual({ ...empty, offset: 1, timestamp: expect.any(Number), value: null })
    expect(empty).toMatchObject({ key: null, value: '', offset: 2 })
  })

  test('--json has all parts of a record', async () => {
    const headers = [
      ['via', bytes('web')],
      ['via', new Uint8Array([255])],
    ] as const
    const driver = await topicOf([['a\nb', { key: 'k', headers, timestamp: 7 }]])
    expect((await run(['topic', 'emoji', '--json'], { driver })).stdout).toBe(
      '{"topic":"emoji","partition":0,"offset":0,"timestamp":7,"key":"k","value":"a\\nb",' +
        '"headers":[["via","web"],["via","/w==","base64"]]}\n',
    )
  })

  test('has colours on a terminal only, and escapes the control characters of records', async () => {
    const driver = await topicOf([['\u001B[2Jgone\ttab']])
    const plain = await run(['topic', 'emoji'], { driver })
    expect(plain.stdout).toContain('\u001B[2Jgone\ttab')
    const shown = await run(['topic', 'emoji'], { driver, isTTY: true })
    expect(shown.stdout).toContain('\u001B[36m>>> offset:\u001B[39m 0')
    expect(shown.stdout).toContain(String.raw`\x1b[2Jgone` + '\ttab')
    const without = await run(['topic', 'emoji'], { driver, isTTY: true, env: { NO_COLOR: '1' } })
    expect(without.stdout).toContain('>>> offset: 0\n')
  })
})

describe('the start and the end of reading', () => {
  const five = () => topicOf([['a'], ['b'], ['c'], ['d'], ['e']])
  const values = (stdout: string) =>
    jsonLines(stdout)
      .map(({ value }) => value)
      .join('')

  test.each([
    [[], 'abcde'],
    [['-o', '-2'], 'abcde'],
    [['--offset', '3'], 'de'],
    [['--offset', '99'], ''],
    [['--last', '2'], 'de'],
    [['--last', '99'], 'abcde'],
    [['--since', '2023-04-28T17:31:54Z'], 'de'],
    [['--since', '1s'], ''],
    [['--limit', '2'], 'ab'],
    [['--last', '3', '-n', '2'], 'cd'],
    [['-v', '[bd]'], 'bd'],
    [['-v', '[bd]', '-n', '1'], 'b'],
    [['-p', '0'], 'abcde'],
  ])('%j shows %j', async (args, expected) => {
    const { code, stdout } = await run(['topic', 'emoji', '--json', ...args], { driver: await five() })
    expect(values(stdout)).toBe(expected)
    expect(code).toBe(0)
  })

  test('--last selects the last records of all partitions, by their timestamps', async () => {
    const rows = [0, 1, 0, 1, 0].map((partition, i): Row => [`${i}`, { partition }])
    const driver = await topicOf(rows, { partitions: 2 })
    expect(values((await run(['topic', 'emoji', '--json', '--last', '3'], { driver })).stdout)).toBe('234')
    expect(values((await run(['topic', 'emoji', '--json', '--last', '9', '-p', '1'], { driver })).stdout)).toBe('13')
    expect(values((await run(['topic', 'emoji', '--json', '-p', '1'], { driver })).stdout)).toBe('13')
  })

  test.each([
    [['--follow'], 'fg'],
    [['-o', '-1'], 'fg'],
    [['--follow', '--last', '1'], 'efg'],
    [['--follow', '-o', '-2'], 'abcdefg'],
    [['--follow', '--since', '2023-04-28T17:31:55Z'], 'efg'],
  ])('%j waits for more records until it is interrupted', async (args, expected) => {
    const { driver, reading } = watched(await five())
    await using topic = Topic('emoji', { conf: { driver } })
    await topic.open()
    const interruption = new AbortController()
    let shown = ''
    const onOutput = (text: string) => {
      shown += text
      if (values(shown).endsWith('g')) interruption.abort()
    }
    const running = run(['topic', 'emoji', '--json', ...args], { driver, signal: interruption.signal, onOutput })
    await reading
    await topic('f')
    await topic('g')
    expect(await running).toMatchObject({ code: 0, stderr: '' })
    expect(values(shown)).toBe(expected)
  })

  test('--follow reports that it catches up while records are older than the command', async () => {
    const interruption = new AbortController()
    const { stdout } = await run(['topic', 'emoji', '-f', '--last', '1'], {
      driver: await five(),
      signal: interruption.signal,
      onOutput: () => interruption.abort(),
    })
    expect(stdout).toContain('>>> timestamp: 2023-04-28T17:31:55.775000+00:00 (catching up)\n')
  })

  test('an interrupt before the end gives the exit code of an interrupt', async () => {
    const interruption = new AbortController()
    interruption.abort()
    expect(await run(['topic', 'emoji'], { driver: await five(), signal: interruption.signal })).toMatchObject({
      code: 130,
    })
  })

  test('--count counts the chosen records', async () => {
    const driver = await topicOf([['a', { key: 'x' }], ['b'], [null, { key: 'x' }]])
    expect((await run(['topic', 'emoji', '--count'], { driver })).stdout).toBe('3\n')
    expect((await run(['topic', 'emoji', '--count', '-k', 'x', '--json'], { driver })).stdout).toBe('{"count":2}\n')
  })
})

describe('values that are more than text', () => {
  const order = recordSchema('Order', { customer: 'string', amount: 'double', raw: 'bytes' })
  const codec = AvroCodec(order)
  const encoded = codec.encode({ customer: 'ada', amount: 1.5, raw: Buffer.from([1, 255]) })

  test('Avro is read with a schema; --columns selects fields, and filters see the whole value', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'order.avsc'), JSON.stringify(order))
    const driver = await topicOf([[encoded, { key: 'ada' }], [new Uint8Array([255])]])
    const whole = await run(['topic', 'emoji', '-s', 'order.avsc', '--json'], { driver, cwd: folder.path })
    expect(whole.code).toBe(1)
    expect(whole.stderr).toBe(
      'snapstream: 1 of 2 records could not be read as the options ask; they are shown as stored\n',
    )
    expect(jsonLines(whole.stdout)).toMatchObject([
      { value: { customer: 'ada', amount: 1.5, raw: { base64: 'Af8=' } } },
      { value: '/w==', valueEncoding: 'base64', error: expect.stringContaining('cannot read 1 bytes') },
    ])
    const args = ['topic', 'emoji', '-s', 'order.avsc', '-v', '"amount":1.5', '-c', 'customer, amountt']
    const some = await run(args, { driver, cwd: folder.path })
    expect(some).toMatchObject({ code: 0, stdout: expect.stringContaining('>>> key: ada\n{"customer":"ada"}\n') })
  })

  test('dates and large numbers of Avro are shown, which JSON does not have', async () => {
    await using folder = await temporaryFolder()
    const fields = [
      { name: 'day', type: { type: 'int', logicalType: 'date' } },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'count', type: 'long' },
    ]
    const schema = { type: 'record', name: 'Dates', fields }
    await writeFile(join(folder.path, 'dates.avsc'), JSON.stringify(schema))
    const long = AvroCodec(schema, { long: 'bigint' })
    const day = new Date('2026-01-31T00:00:00Z')
    const rows = [2n ** 60n, 7n].map((count): Row => [long.encode({ day, at: day, count })])
    const { stdout } = await run(['topic', 'emoji', '-s', 'dates.avsc', '--json'], {
      driver: await topicOf(rows),
      cwd: folder.path,
    })
    const dates = { day: '2026-01-31', at: '2026-01-31T00:00:00.000Z' }
    expect(stdout).toContain('"count":1152921504606846976}')
    expect(jsonLines(stdout)[1]).toMatchObject({ value: { ...dates, count: 7 } })
  })

  test('an unreachable registry ends the command', async () => {
    const driver = await topicOf([[new Uint8Array([0, 0, 0, 0, 7, 1])]])
    const { code, stderr } = await run(['topic', 'emoji', '--registry', 'http://127.0.0.1:1'], { driver })
    expect(stderr).toMatch(/^snapstream: .*http:\/\/127\.0\.0\.1:1.*\(REGISTRY_UNREACHABLE\)\n$/)
    expect(code).toBe(1)
  })

  test('--columns selects fields of JSON; other values are shown whole and count as failures', async () => {
    const driver = await topicOf([['{"a":1,"b":2,"c":3}'], ['no object'], [null]])
    const { code, stdout, stderr } = await run(['topic', 'emoji', '-c', 'c,a'], { driver })
    expect(stdout).toContain('{"a":1,"c":3}\n')
    expect(stdout).toContain('>>> error: it has no columns: expected an object, got "no object"\nno object\n')
    expect(stdout).toContain('<tombstone>\n')
    expect(stderr).toContain('1 of 3 records')
    expect(code).toBe(1)
  })
})

describe('refused options', () => {
  test.each([
    [['topic'], "missing required argument 'name'"],
    [['topic', 'emoji', '--ofset', '1'], 'Did you mean --offset?'],
    [['topic', 'emoji', '-o', '-3'], '--last <count>'],
    [['topic', 'emoji', '--last', '0'], 'a whole number of 1 or more'],
    [['topic', 'emoji', '--last', '1', '-o', '1'], 'cannot be used with'],
    [['topic', 'emoji', '--since', 'yesterday'], 'a duration before now'],
    [['topic', 'emoji', '-k', '('], 'a regular expression'],
    [['topic', 'emoji', '-c', ','], 'names separated by commas'],
    [['topic', 'emoji', '--produce', '--follow'], 'cannot be used with'],
    [['topic', 'emoji', '-p', '1'], 'has no partition 1; it has 1'],
    [['topic', 'a b'], "a topic's name has"],
    [['topic', 'emoji', '--driver', 'librdkafka'], 'the drivers are kafkajs and kafkats'],
    [['topic', 'emoji', '-s', 'nope.avsc'], 'nope.avsc: ENOENT'],
    [['topik', 'emoji'], 'Did you mean'],
    [['topics', 'lst'], 'unknown command "lst" or too many arguments; the commands of topics are list, describe, lag'],
    [['topics', 'list', 'x'], 'unknown command "x" or too many arguments'],
    [['dlq', 'lst', 'dead'], 'unknown command "lst" or too many arguments; the commands of dlq are list, show, replay'],
    [
      ['topic', 'emoji', '--registry', 'nope'],
      'the registry (of --registry, of SNAPSTREAM_REGISTRY or of the configuration file) has to be an address',
    ],
  ])('%j', async (args, expected) => {
    const driver = await topicOf([])
    const withDriver = args.includes('--driver') ? { env: { SNAPSTREAM_BROKERS: 'localhost:9' } } : { driver }
    const { code, stdout, stderr } = await run(args, withDriver)
    expect(stderr).toContain(expected)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  test('a topic that does not exist is an error', async () => {
    expect(await run(['topic', 'emojo'], { driver: await topicOf([]) })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^snapstream: the topic "emojo" does not exist.*\(TOPIC_MISSING\)\n$/),
    })
  })
})

/** The driver, and a promise that resolves when the command makes a consumer. The start of reading is fixed by then. */
function watched(driver: Driver): { readonly driver: Driver; readonly reading: Promise<void> } {
  let begun = () => {}
  const reading = new Promise<void>((resolve) => (begun = resolve))
  const client: Driver['client'] = (settings) => {
    const inner = driver.client(settings)
    const consumer: typeof inner.consumer = (options) => {
      begun()
      return inner.consumer(options)
    }
    return { ...inner, consumer }
  }
  return { driver: { ...driver, client }, reading }
}
