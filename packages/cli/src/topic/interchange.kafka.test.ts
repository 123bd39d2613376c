import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { BytesCodec } from '@snapstream/core'
import { Admin, Topic, kafkajs } from '@snapstream/kafka'
import { ODD_TOPIC, oddRecords } from '@snapstream/kafka/conformance'
import type { Driver } from '@snapstream/kafka/driver'
import { kafkats } from '@snapstream/kafkats'
import { afterEach, describe, expect, test } from 'vitest'
import { cleanEnvironment, fromSources } from '../fixtures/command-process.ts'

const brokers = process.env['KAFKA_BROKERS'] ?? ''
const TIMEOUT_MS = 240_000
const PARTITIONS = 3
const RECORDS = 10_000

const topics: string[] = []
afterEach(async () => {
  await using admin = Admin({ brokers })
  for (const name of topics.splice(0)) await admin.deleteTopic(name)
})

async function topicOf(what: string): Promise<string> {
  const name = `cli-odd-${what}-${process.pid}-${Math.random().toString(36).slice(2)}`
  await using admin = Admin({ brokers })
  await admin.createTopic(name, { partitions: PARTITIONS, config: ODD_TOPIC })
  topics.push(name)
  return name
}

const rawTopic = (name: string, driver: Driver) =>
  Topic<Uint8Array | null, Uint8Array>(name, {
    codec: BytesCodec(),
    keyCodec: BytesCodec(),
    tombstones: true,
    brokenHeaders: true,
    conf: { brokers, driver },
  })

/** Headers as a record batch has them: two, the first with a name that is not UTF-8. */
const BROKEN_HEADERS = Uint8Array.from([4, 4, 0xc3, 0x28, 2, 0x78, 2, 0x61, 1])

async function fill(name: string, driver: Driver, seed: number): Promise<void> {
  await using topic = rawTopic(name, driver)
  await topic.open()
  let sent: Promise<void>[] = []
  for (const [i, { value, headers, ...record }] of oddRecords(RECORDS, seed).entries()) {
    const given = { ...record, partition: i % PARTITIONS, headers: i % 50 === 0 ? BROKEN_HEADERS : headers }
    sent.push(topic(value, given))
    if (sent.length < 1000) continue
    await Promise.all(sent)
    sent = []
  }
  await Promise.all(sent)
}

/** Everything of each record, by partition and in its order. */
async function contentOf(name: string, driver: Driver): Promise<readonly string[]> {
  const hex = (bytes: Uint8Array | null | undefined) => (bytes ? Buffer.from(bytes).toString('hex') : String(bytes))
  const found: (readonly [number, number, string])[] = []
  for await (const { partition, offset, key, value, headers, ...record } of rawTopic(name, driver).slice(0)) {
    const names = headers.map(([header, content]) => `${hex(Buffer.from(header))}=${hex(content)}`)
    const time = String(record.exactTimestamp ?? record.timestamp)
    found.push([partition, offset, [time, hex(key), hex(value), ...names, hex(record.headerBytes)].join(' ')])
  }
  return found.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]).map(([partition, , content]) => `${partition} ${content}`)
}

describe.each([
  ['kafkajs', () => kafkajs()],
  ['kafkats', () => kafkats()],
])('%s', (name, makeDriver) => {
  test(
    '10,000 odd records are the same after topic --json | topic --produce --json',
    { timeout: TIMEOUT_MS },
    async () => {
      const driver = makeDriver()
      const [from, to] = [await topicOf('from'), await topicOf('to')]
      await fill(from, driver, process.pid)
      const snapstream = fromSources()
        .map((part) => `'${part}'`)
        .join(' ')
      const script =
        `set -o pipefail; ${snapstream} topic ${from} --json --driver ${name} | ` +
        `${snapstream} topic ${to} --produce --json --driver ${name}`
      const env = cleanEnvironment({ SNAPSTREAM_BROKERS: brokers, SNAPSTREAM_CONNECT_TIMEOUT_MS: '60000' })
      const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { env })
      expect({ stdout, stderr }).toEqual({ stdout: `{"written":${RECORDS}}\n`, stderr: '' })
      const before = await contentOf(from, driver)
      expect(before).toHaveLength(RECORDS)
      expect(await contentOf(to, driver)).toEqual(before)
    },
  )
})
