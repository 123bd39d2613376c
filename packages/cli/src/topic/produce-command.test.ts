import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { SnapstreamError } from '@snapstream/core'
import { Admin, Conf } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { memory } from '@snapstream/kafka/memory'
import { afterEach, describe, expect, test } from 'vitest'
import { jsonLines, run, temporaryFolder } from '../fixtures/run.ts'

afterEach(() => Conf.reset())

async function emptyTopic(partitions = 1): Promise<Driver> {
  const driver = memory()
  await using admin = Admin({ driver })
  await admin.createTopic('out', { partitions })
  return driver
}

const records = async (driver: Driver) => jsonLines((await run(['topic', 'out', '--json'], { driver })).stdout)

test('each line is a value, even if it is empty or not UTF-8; the last line end does not begin another one', async () => {
  const driver = await emptyTopic()
  const stdin = Buffer.concat([Buffer.from('one\n\nthree\r\n'), Buffer.from([255, 10])])
  expect(await run(['topic', 'out', '--produce'], { driver, stdin })).toEqual({
    code: 0,
    stdout: '4 records written to out\n',
    stderr: '',
  })
  expect((await records(driver)).map(({ key, value }) => [key, value])).toEqual([
    [null, 'one'],
    [null, ''],
    [null, 'three\r'],
    [null, '/w=='],
  ])
})

test('a separator divides key and value', async () => {
  const driver = await emptyTopic()
  const args = ['topic', 'out', '--produce', '--key-separator', '=>']
  await run(args, { driver, stdin: 'a=>1\n=>2\nb=>x=>y' })
  expect((await records(driver)).map(({ key, value }) => [key, value])).toEqual([
    ['a', '1'],
    ['', '2'],
    ['b', 'x=>y'],
  ])
  const { code, stderr, stdout } = await run(args, { driver, stdin: 'c=>3\nd=4\ne=>5\n' })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toBe(
    'snapstream: line 2: expected "=>" between key and value, found none; 1 record before it written, nothing after it (ENCODE_FAILED)\n',
  )
  expect(await records(driver)).toHaveLength(4)
})

test('--produce --json writes the output of --json unchanged', async () => {
  const [from, to] = [await emptyTopic(2), await emptyTopic(2)]
  const lines = [
    {
      key: 'a',
      value: 'text',
      timestamp: 7,
      partition: 1,
      headers: [
        ['via', 'web'],
        ['x', '/w==', 'base64'],
      ],
    },
    { key: '/w==', keyEncoding: 'base64', value: 'AP8=', valueEncoding: 'base64', timestamp: 8, partition: 0 },
    { key: null, value: null, timestamp: 9, partition: 1 },
    { value: { amount: 1 }, headers: { via: 'web' }, partition: 1, timestamp: 10 },
  ].map((line) => JSON.stringify(line))
  expect(
    await run(['topic', 'out', '--produce', '--json'], { driver: from, stdin: `${lines.join('\n')}\n\n` }),
  ).toEqual({
    code: 0,
    stdout: '{"written":4}\n',
    stderr: '',
  })
  const { stdout } = await run(['topic', 'out', '--json'], { driver: from })
  expect(jsonLines(stdout).toSorted((a, b) => Number(a['timestamp']) - Number(b['timestamp']))).toMatchObject([
    {
      key: 'a',
      value: 'text',
      partition: 1,
      headers: [
        ['via', 'web'],
        ['x', '/w==', 'base64'],
      ],
    },
    { key: '/w==', keyEncoding: 'base64', value: 'AP8=', valueEncoding: 'base64', partition: 0, headers: [] },
    { key: null, value: null },
    { key: null, value: { amount: 1 }, headers: [['via', 'web']] },
  ])
  await run(['topic', 'out', '--produce', '--json'], { driver: to, stdin: stdout })
  const sorted = (text: string) => text.split('\n').toSorted()
  expect(sorted((await run(['topic', 'out', '--json'], { driver: to })).stdout)).toEqual(sorted(stdout))
})

test('--partition sends all records to one partition', async () => {
  const driver = await emptyTopic(3)
  await run(['topic', 'out', '--produce', '--json', '-p', '2'], {
    driver,
    stdin: '{"value":"a","partition":0}\n{"value":"b"}',
  })
  expect(await records(driver)).toMatchObject([{ partition: 2 }, { partition: 2 }])
})

test('lines of JSON are written as Avro with a schema', async () => {
  await using folder = await temporaryFolder()
  const fields = [
    { name: 'customer', type: 'string' },
    { name: 'raw', type: 'bytes' },
  ]
  await writeFile(join(folder.path, 'order.avsc'), JSON.stringify({ type: 'record', name: 'Order', fields }))
  const driver = await emptyTopic()
  const options = { driver, cwd: folder.path }
  const args = ['topic', 'out', '-s', 'order.avsc']
  await run([...args, '--produce'], { ...options, stdin: '{"customer":"ada","raw":{"base64":"Af8="}}\n' })
  const json = '{"key":"b","value":{"customer":"bob","raw":{"base64":""}}}\n'
  await run([...args, '--produce', '--json'], { ...options, stdin: json })
  expect(jsonLines((await run([...args, '--json'], options)).stdout)).toMatchObject([
    { key: null, value: { customer: 'ada', raw: { base64: 'Af8=' } } },
    { key: 'b', value: { customer: 'bob', raw: { base64: '' } } },
  ])
  const refused = await run([...args, '--produce'], { ...options, stdin: '{"customer":1}\n' })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('line 1: ') })
})

test('dates of Avro are texts, the same as in reading', async () => {
  await using folder = await temporaryFolder()
  const type = { type: 'int', logicalType: 'date' }
  const schema = { type: 'record', name: 'Day', fields: [{ name: 'day', type }] }
  await writeFile(join(folder.path, 'day.avsc'), JSON.stringify(schema))
  const options = { driver: await emptyTopic(), cwd: folder.path }
  const args = ['topic', 'out', '-s', 'day.avsc']
  await run([...args, '--produce'], { ...options, stdin: '{"day":"2026-01-31"}\n' })
  expect(jsonLines((await run([...args, '--json'], options)).stdout)).toMatchObject([{ value: { day: '2026-01-31' } }])
  const refused = await run([...args, '--produce'], { ...options, stdin: '{"day":"31.1.2026"}\n' })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("a text like '2026-01-31'") })
})

test.each([
  ['no json', 'invalid JSON'],
  ['[1]', 'expected an object with key and value, got an array of 1'],
  ['{"key":"a"}', 'the field "value" is missing; null is a tombstone'],
  ['{"vale":1}', 'unknown field "vale"'],
  ['{"key":1,"value":"a"}', 'key takes a text or null, got 1'],
  ['{"value":"a","timestamp":1.5}', 'timestamp takes a whole number'],
  ['{"value":"a","partition":1.5}', 'partition takes a whole number'],
  ['{"value":"?","valueEncoding":"base64"}', 'value is no base64'],
  ['{"value":"a","valueEncoding":"hex"}', 'valueEncoding takes "text", "base64" or "json", got "hex"'],
  ['{"value":1,"valueEncoding":"base64"}', 'value takes base64, got 1'],
  ['{"value":"a","headers":[1]}', 'headers takes pairs'],
  ['{"value":"a","headers":{"a":1}}', 'headers takes pairs'],
])('%s is refused', async (line, expected) => {
  const driver = await emptyTopic()
  const { code, stderr } = await run(['topic', 'out', '--produce', '--json'], {
    driver,
    stdin: `${line}\n{"value":"b"}\n`,
  })
  expect(stderr).toContain(`snapstream: line 1: ${expected}`)
  expect(stderr).toContain('0 records before it written, nothing after it')
  expect(code).toBe(1)
  expect(await records(driver)).toEqual([])
})

test('more records than are in flight at once are all written', async () => {
  const driver = await emptyTopic()
  const stdin = Array.from({ length: 2500 }, (_, i) => `${i}\n`).join('')
  expect((await run(['topic', 'out', '--produce'], { driver, stdin })).stdout).toBe('2500 records written to out\n')
  expect((await records(driver)).map(({ value }) => Number(value))).toEqual(Array.from({ length: 2500 }, (_, i) => i))
})

describe('a refused line', () => {
  test('ends the command with an error that names the line, and nothing after it is written', async () => {
    const driver = await emptyTopic()
    const stdin = `one\n${'x'.repeat(2_000_000)}\nthree\nfour\n`
    const { code, stdout, stderr } = await run(['topic', 'out', '--produce'], { driver, stdin })
    expect(stderr).toMatch(
      /^snapstream: line 2: a record of about 20000\d+ bytes for "out" is larger than maxRequestBytes .*; 1 record before it written, nothing after it \(RECORD_TOO_LARGE\)\n$/,
    )
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect((await records(driver)).map(({ value }) => value)).toEqual(['one'])
  })

  test.each([
    ['{"value":"b","partition":7}', 'partition'],
    ['{"value":"b","timestamp":"x"}', 'timestamp'],
  ])('%s is named', async (line, expected) => {
    const driver = await emptyTopic()
    const stdin = `{"value":"a"}\n${line}\n{"value":"c"}\n`
    const { code, stderr } = await run(['topic', 'out', '--produce', '--json'], { driver, stdin })
    expect(stderr).toContain('snapstream: line 2: ')
    expect(stderr).toContain(expected)
    expect(stderr).toContain('; 1 record before it written, nothing after it')
    expect(code).toBe(1)
    expect(await records(driver)).toHaveLength(1)
  })

  test('that the broker refuses: the error counts the records that were sent with it', async () => {
    const driver = refusing(await emptyTopic(), '1000')
    const stdin = Array.from({ length: 3000 }, (_, i) => `${i}\n`).join('')
    const { code, stderr } = await run(['topic', 'out', '--produce'], { driver, stdin })
    expect(stderr).toMatch(
      /^snapstream: line 1001: .*refused by the broker; 1000 records before it written, and \d+ after it, which were sent together with it \(KAFKA_FAILED\)\n$/,
    )
    expect(code).toBe(1)
    const written = await records(driver)
    const after = Number(/and (\d+) after it/.exec(stderr)?.[1])
    expect(after).toBeLessThan(1000)
    expect(written).toHaveLength(1000 + after)
  })

  test('without a key for a compacted topic is named, even if other records were sent with it', async () => {
    const driver = memory()
    await using admin = Admin({ driver })
    await admin.createTopic('out', { config: { 'cleanup.policy': 'compact' } })
    const line = (i: number) => JSON.stringify({ value: `${i}`, ...(i !== 6 && { key: `k${i}` }) })
    const stdin = Array.from({ length: 9 }, (_, i) => `${line(i + 1)}\n`).join('')
    const { code, stderr } = await run(['topic', 'out', '--produce', '--json'], { driver, stdin })
    expect(stderr).toMatch(/^snapstream: line 6: .*; 5 records before it written, (nothing|and 1) after it/)
    expect(code).toBe(1)
    const after = stderr.includes('nothing') ? [] : ['7']
    expect((await records(driver)).map(({ value }) => value)).toEqual(['1', '2', '3', '4', '5', ...after])
  })

  test('ends the command at once, even if the input is still open', async () => {
    const driver = refusing(await emptyTopic(), 'two')
    const stdin = new PassThrough()
    stdin.write('one\ntwo\n')
    const { code, stderr } = await run(['topic', 'out', '--produce'], { driver, stdin })
    expect(stderr).toContain('snapstream: line 2: ')
    expect(stderr).toContain('1 record before it written, nothing after it')
    expect(code).toBe(1)
    expect((await records(driver)).map(({ value }) => value)).toEqual(['one'])
  })

  test('that is too long is named with the limit, and is not read to its end', async () => {
    const driver = await emptyTopic()
    let pulled = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('one\n')
      for (;;) {
        pulled += 65_536
        yield Buffer.alloc(65_536, 120)
      }
    }
    const args = ['topic', 'out', '--produce', '--max-line-bytes', '1000000']
    const { code, stderr } = await run(args, { driver, stdin: endless() })
    expect(stderr).toBe(
      'snapstream: line 2: it has more than 1000000 bytes; --max-line-bytes sets the limit; 1 record before it written, nothing after it (ENCODE_FAILED)\n',
    )
    expect(code).toBe(1)
    expect(pulled).toBeLessThan(3_000_000)
    expect(await records(driver)).toHaveLength(1)
  })

  test('a line of exactly the limit is accepted, in one chunk or in many', async () => {
    const driver = await emptyTopic()
    const pieces = ['a', 'bcd', 'e\nabcde\n', 'ab', 'cde'].map((text) => Buffer.from(text))
    const args = ['topic', 'out', '--produce', '--max-line-bytes', '5']
    expect((await run(args, { driver, stdin: Readable.from(pieces) })).stdout).toBe('3 records written to out\n')
    expect(await run(args, { driver, stdin: 'abcdef\n' })).toMatchObject({ code: 1, stdout: '' })
  })
})

test.each([
  [['--produce', '--key-separator', ''], 'Expected a text that is not empty.'],
  [['--key-separator', '='], "option '--key-separator' needs --produce"],
  [['--max-line-bytes', '7'], "option '--max-line-bytes' needs --produce"],
  [['--produce', '--max-line-bytes', '0'], 'Expected a whole number of 1 or more.'],
])('%j is refused', async (args, expected) => {
  const { code, stderr } = await run(['topic', 'out', ...args], { driver: await emptyTopic() })
  expect(stderr).toContain(expected)
  expect(code).toBe(2)
})

/** A broker that refuses the batch of a record with this value. */
function refusing(driver: Driver, value: string): Driver {
  const client: Driver['client'] = (settings) => {
    const inner = driver.client(settings)
    const producer: typeof inner.producer = async (options) => {
      const made = await inner.producer(options)
      const send: typeof made.send = async (batches) => {
        const bad = ({ records }: (typeof batches)[number]) =>
          records.some((record) => Buffer.from(record.value as Uint8Array).toString() === value)
        await made.send(batches.filter((batch) => !bad(batch)))
        const error = new SnapstreamError('KAFKA_FAILED', 'refused by the broker')
        return batches.map((batch) => (bad(batch) ? { error, retriable: false } : {}))
      }
      return { ...made, send }
    }
    return { ...inner, producer }
  }
  return { ...driver, client }
}
