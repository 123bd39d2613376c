import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createApp } from '@snapstream/core'
import { Admin, Conf, Topic } from '@snapstream/kafka'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startKafka } from '@snapstream/services'
import type { RunningKafka } from '@snapstream/services'
import { builtCommand, cleanEnvironment, runCommand, startCommand } from './fixtures/command-process.ts'
import type { CommandProcess } from './fixtures/command-process.ts'
import { jsonLines, run, temporaryFolder } from './fixtures/run.ts'

const brokers = process.env['KAFKA_BROKERS'] ?? ''
// A broker that many tests use at once may take its time.
const env = { SNAPSTREAM_BROKERS: brokers, SNAPSTREAM_CONNECT_TIMEOUT_MS: '60000' }
const TIMEOUT_MS = 240_000

/** A topic of its own for one test, gone at the end. */
async function temporaryTopic(partitions = 1): Promise<AsyncDisposable & { readonly name: string }> {
  const name = `cli-${process.pid}-${Math.random().toString(36).slice(2)}`
  const admin = Admin({ brokers })
  await admin.createTopic(name, { partitions, config: { 'retention.ms': -1 } })
  return {
    name,
    async [Symbol.asyncDispose]() {
      await admin.deleteTopic(name).catch(() => {})
      await admin.close()
    },
  }
}

const produce = (topic: string, stdin: string) => run(['topic', topic, '--produce'], { env, stdin })

/** What a command has shown by now, once there are so many lines. */
async function shown(command: CommandProcess, lines: number): Promise<Record<string, unknown>[]> {
  await vi.waitUntil(() => command.stdout.split('\n').length > lines, { timeout: TIMEOUT_MS / 2, interval: 50 })
  return jsonLines(command.stdout)
}

/** The groups that have committed something in a topic. */
async function groupsOf(topic: string): Promise<string[]> {
  await using admin = Admin({ brokers })
  const groups = await admin.listGroups()
  const found = await Promise.all(
    groups.map(async ({ groupId }) => {
      const offsets = await admin.offsets(groupId)
      return offsets.some((row) => row.topic === topic) ? [groupId] : []
    }),
  )
  return found.flat()
}

afterEach(() => Conf.reset())

const command = builtCommand()

describe('topic', { timeout: TIMEOUT_MS }, () => {
  test('--follow prints records as they are written, until Ctrl-C, and commits nothing', async () => {
    await using topic = await temporaryTopic(2)
    await produce(topic.name, 'before\n')
    const reader = startCommand(['topic', topic.name, '--follow', '--last', '1', '--json'], { command, env })
    expect(await shown(reader, 1)).toMatchObject([{ value: 'before' }])
    const writer = startCommand(['topic', topic.name, '--produce', '--key-separator', '='], { command, env })
    writer.stdin.write('a=1\nb=2\n')
    expect(
      (await shown(reader, 3))
        .slice(1)
        .map(({ key, value }) => `${String(key)}=${String(value)}`)
        .toSorted(),
    ).toEqual(['a=1', 'b=2'])
    // A line that is not finished is none when the writer is interrupted.
    writer.stdin.write('c')
    writer.kill('SIGINT')
    expect(await writer.ended).toEqual({ code: 130, stdout: `2 records written to ${topic.name}\n`, stderr: '' })
    reader.kill('SIGINT')
    expect(await reader.ended).toMatchObject({ code: 0, stderr: '' })
    expect(await groupsOf(topic.name)).toEqual([])
  })

  test('the command ends without an error when the reader of its pipe ends', async () => {
    await using topic = await temporaryTopic()
    await produce(topic.name, `${'x'.repeat(100)}\n`.repeat(20_000))
    const quoted = [...command, 'topic', topic.name].map((part) => `'${part}'`).join(' ')
    const script = `${quoted} | head -n 3; echo "\${PIPESTATUS[@]}"`
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { env: cleanEnvironment(env) })
    expect(stdout.split('\n').slice(2)).toEqual(['>>> offset: 0', '0 0', ''])
    expect(stderr).toBe('')
  })

  test('a topic with several partitions is read, counted, filtered, and read from an offset, with both drivers', async () => {
    await using topic = await temporaryTopic(3)
    const lines = Array.from({ length: 300 }, (_, i) => JSON.stringify({ key: `k${i}`, value: { n: i } }))
    const args = ['topic', topic.name]
    expect((await run([...args, '--produce', '--json'], { env, stdin: lines.join('\n') })).stdout).toBe(
      '{"written":300}\n',
    )
    expect((await run([...args, '--count'], { env })).stdout).toBe('300\n')
    expect((await run([...args, '--count', '-k', '^k1..$'], { env })).stdout).toBe('100\n')
    expect((await run([...args, '--count', '--since', '1h'], { env })).stdout).toBe('300\n')
    const columns = await run([...args, '-v', '{"n":7}', '-c', 'n', '--json'], { env })
    expect(jsonLines(columns.stdout)).toMatchObject([{ key: 'k7', value: { n: 7 } }])
    const parts = await Promise.all([0, 1, 2].map((p) => run([...args, '-p', String(p), '--json'], { env })))
    const offsets = parts.map(({ stdout }) => jsonLines(stdout).map(({ offset }) => offset))
    for (const of of offsets) expect(of).toEqual(of.map((_, i) => i))
    expect(offsets.flat()).toHaveLength(300)
    const last = await run([...args, '--last', '5', '--json'], { env })
    expect(jsonLines(last.stdout)).toHaveLength(5)
    const rest = jsonLines((await run([...args, '-p', '0', '-o', '3', '--json'], { env })).stdout)
    expect(rest.map(({ offset }) => offset)).toEqual(offsets[0]?.slice(3))
    // From the sources, as Node finds this package by its name.
    const other = await runCommand([...args, '--driver', 'kafkats', '--count'], { env })
    expect(other).toEqual({ code: 0, stdout: '300\n', stderr: '' })
  })
})

describe('topics and dlq', { timeout: TIMEOUT_MS }, () => {
  test('a topic and its group are described; its dead letters are shown and sent back', async () => {
    await using orders = await temporaryTopic(2)
    await using dead = await temporaryTopic()
    const groupId = `${orders.name}-totals`
    await run(['topic', orders.name, '--produce', '-p', '1'], { env, stdin: '1\ntwo\n3\n' })
    const app = createApp()
    const conf = { brokers }
    app.snap(Topic(orders.name, { groupId, until: 'end', conf }), {
      onError: { deadLetter: Topic(dead.name, { conf }) },
    })(function sum({ value }) {
      if (Number.isNaN(Number(value))) throw new RangeError(`${value} is no number`)
    })
    await app.stream()

    expect((await run(['topics'], { env })).stdout.split('\n')).toEqual(
      expect.arrayContaining([orders.name, dead.name]),
    )
    expect(jsonLines((await run(['topics', 'describe', orders.name, '--json'], { env })).stdout)).toMatchObject([
      { partition: 0, earliest: 0, latest: 0 },
      { partition: 1, earliest: 0, latest: 3 },
    ])
    await run(['topic', orders.name, '--produce', '-p', '1'], { env, stdin: '4\n' })
    const lag = jsonLines((await run(['topics', 'lag', groupId, '--json'], { env })).stdout)
    expect(lag).toContainEqual(
      expect.objectContaining({ topic: orders.name, partition: 1, committed: 3, latest: 4, lag: 1, state: 'Empty' }),
    )
    expect((await run(['topics', 'lag'], { env })).stdout).toContain(groupId)

    const listed = jsonLines((await run(['dlq', dead.name, '--json'], { env })).stdout)
    expect(listed).toMatchObject([
      { origin: { topic: orders.name, partition: 1, offset: 1 }, code: 'HANDLER_FAILED', value: 'two', binding: 'sum' },
    ])
    expect((await run(['dlq', 'show', dead.name, '-o', '0'], { env })).stdout).toContain(
      '>>> message: two is no number\n',
    )
    const dry = await run(['dlq', 'replay', dead.name, '--dry-run'], { env })
    expect(dry.stdout).toBe('would send 1 and skip 0 of 1; 1 wait\n')
    const replayed = await run(['dlq', 'replay', dead.name, '--place', 'original'], { env })
    expect(replayed.stdout).toBe('sent 1, skipped 0 of 1; 0 wait\n')
    expect((await run(['dlq', dead.name], { env })).stdout).toBe('')
    const all = await run(['topic', orders.name, '-p', '1', '--json'], { env })
    expect(jsonLines(all.stdout).map(({ value }) => value)).toEqual(['1', 'two', '3', '4', 'two'])
    await using admin = Admin({ brokers })
    for (const group of [groupId, `${dead.name}.replay`]) await admin.deleteGroup(group)
  })
})

describe('a broker with TLS and users', { timeout: TIMEOUT_MS }, () => {
  let kafka: RunningKafka | undefined

  beforeAll(async () => {
    kafka = await startKafka({ security: true, heapMb: 384, timeoutMs: TIMEOUT_MS })
  }, TIMEOUT_MS)
  afterAll(() => kafka?.stop())

  test('is reached with a configuration file that refers to a secret', async () => {
    const { security } = kafka ?? {}
    if (security === undefined) throw new Error('the broker was not started')
    await using folder = await temporaryFolder()
    const conf = {
      'bootstrap.servers': security.addresses.saslSsl,
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.username': security.username,
      'sasl.password': '$KAFKA_PASSWORD',
      sslCaLocation: join(folder.path, 'ca.pem'),
    }
    await writeFile(join(folder.path, 'ca.pem'), security.ca)
    await writeFile(join(folder.path, 'snapstream.config.json'), JSON.stringify({ conf }))
    await mkdir(join(folder.path, 'deep'))
    const cwd = join(folder.path, 'deep')
    const known = await run(['topics'], { cwd, env: { KAFKA_PASSWORD: security.password } })
    expect(known).toMatchObject({ code: 0, stderr: '' })
    Conf.reset()
    const refused = await run(['topics'], { cwd, env: { KAFKA_PASSWORD: 'wrong' } })
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^snapstream: .*\(AUTHENTICATION_REFUSED\)\n$/),
    })
    expect(refused.stderr).not.toContain('wrong')
  })
})
