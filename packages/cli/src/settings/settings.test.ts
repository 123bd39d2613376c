import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { Admin, Conf } from '@snapstream/kafka'
import type { ClientSettings, Driver } from '@snapstream/kafka/driver'
import { memory } from '@snapstream/kafka/memory'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../fixtures/run.ts'
import type { Io } from '../io.ts'
import { applySettings } from './settings.ts'
import type { ConnectionFlags } from './settings.ts'

afterEach(() => Conf.reset())

interface Given {
  /** By path, from the folder. */
  readonly files?: Readonly<Record<string, unknown>>
  readonly env?: Io['env']
  readonly flags?: ConnectionFlags & { readonly schema?: string; readonly registry?: string }
  readonly topic?: string
  /** Where it is run. @default the folder */
  readonly cwd?: string
}

/** What a driver is given in the end, and what else the command goes by. */
async function settingsOf({ files = {}, env = {}, flags = {}, topic, cwd = '.' }: Given) {
  await using folder = await temporaryFolder()
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true })
    await writeFile(join(folder.path, path), typeof content === 'string' ? content : JSON.stringify(content))
  }
  const { driver, client } = recording()
  await mkdir(join(folder.path, cwd), { recursive: true })
  const io: Io = {
    stdin: Readable.from([]),
    stdout: new Writable(),
    stderr: { write: () => true },
    env: inFolder(env, folder.path),
    cwd: join(folder.path, cwd),
    home: join(folder.path, 'home'),
    signal: new AbortController().signal,
    driver,
  }
  const settings = await applySettings(flags, io, topic)
  await using admin = Admin()
  await admin.listTopics()
  return { client: client(), settings, folder: folder.path }
}

const inFolder = (env: Io['env'], folder: string) =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value?.replace('FOLDER', folder)]))

/** The memory driver, that says what it was given, and takes all settings. */
function recording(): { readonly driver: Driver; client(): ClientSettings | undefined } {
  const inner = memory()
  let given: ClientSettings | undefined
  return {
    driver: {
      ...inner,
      supports: { ...inner.supports, inProcess: false, ignoredSettings: [] },
      client(settings) {
        given = settings
        return inner.client(settings)
      },
    },
    client: () => given,
  }
}

describe('the sources of settings', () => {
  const conf = (brokers: string) => ({ conf: { brokers } })

  test.each([
    ['the folder', { files: { 'snapstream.config.json': conf('a:1') } }, 'a:1'],
    ['a folder above', { files: { 'snapstream.config.json': conf('a:1') }, cwd: 'deep/er' }, 'a:1'],
    [
      'the nearest',
      { files: { 'snapstream.config.json': conf('a:1'), 'deep/snapstream.config.json': conf('b:2') }, cwd: 'deep/er' },
      'b:2',
    ],
    ['the home folder', { files: { 'home/snapstream.config.json': conf('h:1') } }, 'h:1'],
    [
      'a file of --config',
      { files: { 'snapstream.config.json': conf('a:1'), 'other.json': conf('o:1') }, flags: { config: 'other.json' } },
      'o:1',
    ],
    [
      'a file of SNAPSTREAM_CONFIG',
      { files: { 'other.json': conf('o:1') }, env: { SNAPSTREAM_CONFIG: 'other.json' } },
      'o:1',
    ],
    [
      'the environment before the file, under another name',
      {
        files: { 'snapstream.config.json': { conf: { 'bootstrap.servers': 'a:1' } } },
        env: { SNAPSTREAM_BROKERS: 'e:1' },
      },
      'e:1',
    ],
    ['options before the environment', { env: { SNAPSTREAM_BROKERS: 'e:1' }, flags: { brokers: 'f:1' } }, 'f:1'],
    ['--set', { flags: { set: ['bootstrap.servers=s:1'] } }, 's:1'],
    [
      'settings of the file for one topic',
      { files: { 'snapstream.config.json': { ...conf('a:1'), topics: { orders: conf('t:1') } } }, topic: 'orders' },
      't:1',
    ],
  ] as const)('%s', async (_, given, expected) => {
    expect((await settingsOf(given)).client?.brokers).toEqual([expected])
  })

  test('options override the environment, which overrides the file', async () => {
    const { client } = await settingsOf({
      files: { 'snapstream.config.json': { conf: { brokers: 'a:1', clientId: 'file', requestTimeoutMs: 7 } } },
      env: { SNAPSTREAM_CLIENT_ID: 'env', SNAPSTREAM_CONNECT_TIMEOUT_MS: '9' },
      flags: { set: ['connectTimeoutMs=11'] },
    })
    expect(client).toMatchObject({ brokers: ['a:1'], clientId: 'env', requestTimeoutMs: 7, connectTimeoutMs: 11 })
  })

  test('the time-out for an unreachable broker is shorter than in a service', async () => {
    expect((await settingsOf({ flags: { brokers: 'a:1' } })).client).toMatchObject({
      clientId: 'snapstream-cli',
      connectTimeoutMs: 5000,
    })
  })

  test('paths of schemas in a file are relative to the file', async () => {
    const files = {
      'snapstream.config.json': {
        conf: { brokers: 'a:1' },
        registry: 'http://all',
        topics: { orders: { schema: 'schemas/order.avsc' } },
      },
    }
    const { settings, folder } = await settingsOf({ files, cwd: 'deep', topic: 'orders' })
    expect(settings).toEqual({ schema: join(folder, 'schemas/order.avsc'), registry: 'http://all' })
    const other = await settingsOf({ files, cwd: 'deep', env: { SNAPSTREAM_REGISTRY: 'http://env' } })
    expect(other.settings).toEqual({ registry: 'http://env' })
    const flagged = await settingsOf({ files, cwd: 'deep', topic: 'orders', flags: { schema: 'x.avsc' } })
    expect(flagged.settings.schema).toBe(join(flagged.folder, 'deep', 'x.avsc'))
  })
})

describe('secrets', () => {
  const files = (password: string) => ({
    'snapstream.config.json': {
      conf: {
        brokers: 'a:1',
        securityProtocol: 'sasl_plaintext',
        saslMechanism: 'SCRAM-SHA-256',
        saslUsername: 'me',
        saslPassword: password,
      },
      secrets: 'secrets',
    },
    'secrets/KAFKA_PASSWORD': 'from a file\n',
  })

  test.each([
    ['$KAFKA_PASSWORD', { KAFKA_PASSWORD: 'from a variable' }, 'from a variable'],
    ['$KAFKA_PASSWORD', {}, 'from a file'],
    ['$KAFKA_PASSWORD', { SNAPSTREAM_SECRETS: 'FOLDER/secrets' }, 'from a file'],
    [String.raw`\$KAFKA_PASSWORD`, {}, '$KAFKA_PASSWORD'],
    ['plain', {}, 'plain'],
  ])('%s with %j', async (password, env, expected) => {
    const { client } = await settingsOf({ files: files(password), env })
    expect(client?.sasl).toMatchObject({ username: 'me', password: expected })
  })

  test.each([
    ['$NOT_THERE', 'saslPassword refers to $NOT_THERE, but neither such a variable nor the file '],
    ['$../passwd', 'expected the name of a variable or a file after the $'],
  ])('%s is refused', async (password, expected) => {
    await expect(settingsOf({ files: files(password) })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(expected),
    })
  })
})

describe('wrong settings', () => {
  const file = (content: unknown) => ({ files: { 'snapstream.config.json': content } })

  test.each([
    [file('{'), 'snapstream.config.json is no JSON'],
    [file([]), 'snapstream.config.json: expected an object, got an array of 0'],
    [file({ config: {} }), 'unknown field "config"; the fields are conf, schema, registry, driver, secrets, topics'],
    [file({ constructor: 1 }), 'unknown field "constructor"; the fields are conf, schema'],
    [file('{"__proto__":{"schema":"x"}}'), 'unknown field "__proto__"; the fields are conf, schema'],
    [file('{"topics":{"orders":{"toString":1}}}'), 'topics.orders: unknown field "toString"'],
    [file('{"conf":{"constructor":1}}'), 'unknown setting constructor'],
    [file({ schema: 1 }), 'schema takes a text that is not empty, got 1'],
    [
      file({ topics: { orders: { config: {} } } }),
      'topics.orders: unknown field "config"; the fields are conf, schema, registry',
    ],
    [file({ conf: { broker: 'a:1' } }), 'snapstream.config.json: unknown setting broker; did you mean brokers?'],
    [file({ conf: { brokers: 7 } }), "snapstream.config.json: brokers takes 'host:port' addresses"],
    [{ flags: { config: 'nope.json' } }, 'the configuration file cannot be read: ENOENT'],
    [{ env: { SNAPSTREAM_BROKER: 'a:1' } }, 'did you mean SNAPSTREAM_BROKERS?'],
    [{ flags: { set: ['acks'] } }, '--set: expected name=value, as in security.protocol=ssl, got "acks"'],
    [{ flags: { set: ['requestTimeoutMs=soon'] } }, '--set requestTimeoutMs takes a whole number'],
    [{ flags: { set: ['sasl.pasword=x'] } }, '--set: unknown setting sasl.pasword; did you mean saslPassword?'],
    [{ flags: { set: ['what.is.this.even=x'] } }, '--set: unknown setting what.is.this.even'],
    [{ flags: { set: ['constructor=x'] } }, '--set: unknown setting constructor'],
    [{ flags: { set: ['driver=kafkats'] } }, '--set cannot set the driver; use --driver kafkats'],
    [{ flags: { brokers: 'foo' } }, "--brokers takes 'host:port' addresses"],
    [{}, 'no broker is configured; set one with --brokers host:port'],
  ] as const)('%j', async (given, expected) => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
    try {
      await expect(settingsOf(given)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining(expected),
      })
    } finally {
      warned.mockRestore()
    }
  })
})
