import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SchemaRegistry } from '@snapstream/codecs/registry'
import { Admin, Conf } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { memory } from '@snapstream/kafka/memory'
import { afterEach, expect, test } from 'vitest'
import { jsonLines, run, temporaryFolder } from '../fixtures/run.ts'

afterEach(() => Conf.reset())

const url = process.env['SCHEMA_REGISTRY_URL'] ?? ''
const ORDER = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'customer', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
}
const TOTAL = { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] }

async function topicOf(): Promise<{ readonly driver: Driver; readonly topic: string }> {
  const driver = memory()
  const topic = `cli-${process.pid}-${Math.random().toString(36).slice(2)}`
  await using admin = Admin({ driver })
  await admin.createTopic(topic)
  return { driver, topic }
}

test('Avro is written with the latest schema of the topic, and read with the schema that it names', async () => {
  const { driver, topic } = await topicOf()
  await SchemaRegistry({ url }).register(`${topic}-value`, { schema: ORDER })
  const order = { customer: 'ada', at: '2026-01-31T12:00:00.000Z' }
  const args = ['topic', topic, '--registry', url]
  const written = await run([...args, '--produce'], { driver, stdin: `${JSON.stringify(order)}\n` })
  expect(written).toMatchObject({ code: 0, stderr: '' })
  expect(jsonLines((await run([...args, '--json'], { driver })).stdout)).toMatchObject([{ value: order }])
  // Without the registry the value is shown as bytes: a zero, the id of the schema, and Avro.
  const raw = jsonLines((await run(['topic', topic, '--json'], { driver })).stdout)
  expect(raw).toMatchObject([{ value: expect.stringMatching(/^\0|^AAAA/) }])
})

test('JSON with a schema id is read with its schema; a value without a schema id is shown unchanged', async () => {
  const { driver, topic } = await topicOf()
  await SchemaRegistry({ url }).register(`${topic}-value`, { schema: TOTAL, type: 'JSON' })
  const env = { SNAPSTREAM_REGISTRY: url }
  await run(['topic', topic, '--produce'], { driver, env, stdin: '{"total":7}\n' })
  const refused = await run(['topic', topic, '--produce'], { driver, env, stdin: '{"total":"7"}\n' })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('line 1: ') })
  await run(['topic', topic, '--produce'], { driver, stdin: 'plain text\n' })
  const { code, stdout } = await run(['topic', topic, '--json'], { driver, env })
  expect(jsonLines(stdout)).toMatchObject([
    { value: { total: 7 } },
    { value: 'plain text', error: expect.stringContaining('the id of a schema') },
  ])
  expect(code).toBe(1)
})

test('values are read and written with a schema of --schema, if the registry has it', async () => {
  const { driver, topic } = await topicOf()
  await using folder = await temporaryFolder()
  const registry = SchemaRegistry({ url })
  await registry.register(`${topic}-value`, { schema: ORDER })
  const less = { ...ORDER, fields: [{ name: 'customer', type: 'string' }] }
  await writeFile(join(folder.path, 'less.avsc'), JSON.stringify(less))
  const options = { driver, cwd: folder.path }
  const order = '{"customer":"ada","at":"2026-01-31T12:00:00.000Z"}\n'
  await run(['topic', topic, '--registry', url, '--produce'], { ...options, stdin: order })
  const args = ['topic', topic, '--registry', url, '-s', 'less.avsc']
  expect(jsonLines((await run([...args, '--json'], options)).stdout)).toMatchObject([{ value: { customer: 'ada' } }])
  const unregistered = await run([...args, '--produce'], { ...options, stdin: '{"customer":"bob"}\n' })
  expect(unregistered).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('line 1: ') })
})

test.each([
  [
    'JSON',
    { $schema: 'http://json-schema.org/draft-07/schema#', type: ['object', 'string', 'null', 'number'] },
    ['{"id":9007199254740993,"a":1.0,"a":[1 ,2]}', '"text"', 'null', '-0'],
  ],
  [
    'AVRO',
    { ...ORDER, fields: [{ name: 'n', type: ['null', 'string', 'long', 'double'] }] },
    ['{"n":{"long":9223372036854775807}}', '{"n":{"double":"NaN"}}', '{"n":{"string":"NaN"}}', '{"n":{"double":7}}'],
  ],
] as const)('%s of a registry goes from one topic to another byte for byte', async (type, schema, lines) => {
  const { driver, topic } = await topicOf()
  const other = `${topic}-other`
  await using admin = Admin({ driver })
  await admin.createTopic(other)
  const registry = SchemaRegistry({ url })
  for (const name of [topic, other]) await registry.register(`${name}-value`, { schema, type })
  const args = ['--registry', url]
  const written = await run(['topic', topic, ...args, '--produce'], { driver, stdin: `${lines.join('\n')}\n` })
  expect(written).toMatchObject({ code: 0, stderr: '' })
  const read = await run(['topic', topic, '--json', ...args], { driver })
  expect(read.stderr).toBe('')
  await run(['topic', other, '--produce', '--json', ...args], { driver, stdin: read.stdout })
  const raw = async (name: string) => jsonLines((await run(['topic', name, '--json'], { driver })).stdout)
  const values = (await raw(topic)).map(({ value, valueEncoding }) => [value, valueEncoding])
  expect(values).toHaveLength(lines.length)
  expect((await raw(other)).map(({ value, valueEncoding }) => [value, valueEncoding])).toEqual(values)
})
