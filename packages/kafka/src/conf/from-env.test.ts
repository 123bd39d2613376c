import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { SnapstreamError } from '@snapstream/core'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { confWarnings } from '../fixtures/conf-warnings.ts'
import { Conf, confDefaults } from './conf.ts'
import type { Environment } from './from-env.ts'
import { variableName } from './from-env.ts'
import { reveal } from './secret.ts'
import type { Secret } from './secret.ts'
import { NAMES } from './setting-table.ts'

const folder = mkdtempSync(join(tmpdir(), 'snapstream-env-'))
afterAll(() => rmSync(folder, { recursive: true }))
function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

const warn = confWarnings()

const read = (env: Environment) => Conf.fromEnv('KAFKA_', env)
const revealed = (value: unknown) => reveal(value as Secret)
function usage(env: Environment): SnapstreamError {
  try {
    read(env)
  } catch (error) {
    if (SnapstreamError.is(error) && error.code === 'USAGE') return error
    throw error
  }
  throw new Error('it was taken')
}

describe('names of variables', () => {
  test('each variable is the name of a setting, or its dotted name, in capitals', () => {
    expect(variableName('saslPassword')).toBe('SASL_PASSWORD')
    expect(variableName('sasl.password')).toBe('SASL_PASSWORD')
    expect(variableName('ssl.endpoint.identification.algorithm')).toBe('SSL_ENDPOINT_IDENTIFICATION_ALGORITHM')
    expect(read({ KAFKA_BOOTSTRAP_SERVERS: 'a:1,b:2', KAFKA_GROUP_ID: 'g', KAFKA_COMPRESSION: 'gzip' })).toEqual({
      brokers: ['a:1', 'b:2'],
      groupId: 'g',
      compression: 'gzip',
    })
  })

  test('no two settings have the same variable', () => {
    const owners = new Map<string, string>()
    for (const [alias, name] of NAMES) {
      const variable = variableName(alias)
      expect(owners.get(variable) ?? name).toBe(name)
      owners.set(variable, name)
      expect(variable.endsWith('_FILE')).toBe(false)
    }
  })

  test('the prefix can be changed', () => {
    expect(Conf.fromEnv('ORDERS_', { ORDERS_BROKERS: 'a:1', KAFKA_BROKERS: 'b:1' })).toEqual({ brokers: ['a:1'] })
  })

  test('the environment of the process is the default', () => {
    vi.stubEnv('ORDERS_CLIENT_ID', 'me')
    expect(Conf.fromEnv('ORDERS_')).toEqual({ clientId: 'me' })
    vi.unstubAllEnvs()
  })

  test('a misspelt variable is refused with a suggestion', () => {
    expect(usage({ KAFKA_BOOTSTRAP_SERVER: 'a:1' }).message).toBe(
      'the variable KAFKA_BOOTSTRAP_SERVER is no setting; did you mean KAFKA_BOOTSTRAP_SERVERS?',
    )
    expect(usage({ KAFKA_SASL_PASWORD_FILE: '/run/x' }).message).toContain('did you mean KAFKA_SASL_PASSWORD_FILE?')
  })

  test('one warning names the variables of other programs', () => {
    const env = {
      KAFKA_HOME: '/opt/kafka',
      KAFKA_OPTS: '-Dx',
      KAFKA_HEAP_OPTS: '-Xmx1g',
      KAFKA_BROKER_ID: '1',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://:1',
      KAFKA_PORT_9092_TCP_ADDR: '10.0.0.1',
      KAFKA_SERVICE_HOST: '10.0.0.1',
      KAFKA_ACKS: 'all',
    }
    expect(read(env)).toEqual({ acks: -1 })
    read(env)
    expect(warn.mock.calls).toEqual([
      [
        'snapstream: these environment variables are no settings and are ignored: KAFKA_ADVERTISED_LISTENERS, ' +
          'KAFKA_BROKER_ID, KAFKA_HEAP_OPTS, KAFKA_HOME, KAFKA_OPTS, KAFKA_PORT_9092_TCP_ADDR, KAFKA_SERVICE_HOST',
      ],
    ])
  })

  test('a deprecated variable works, with one warning', () => {
    expect(read({ KAFKA_QUEUE_BUFFERING_MAX_MS: '5' })).toEqual({ lingerMs: 5 })
    expect(warn.mock.calls).toEqual([
      ['snapstream: KAFKA_QUEUE_BUFFERING_MAX_MS is a deprecated name; use KAFKA_LINGER_MS'],
    ])
  })

  test('a variable of other clients is refused with the reason, unless it changes nothing', () => {
    expect(usage({ KAFKA_SASL_JAAS_CONFIG: 'password="sesame"' }).message).toBe(
      'unset the variable KAFKA_SASL_JAAS_CONFIG: give saslUsername and saslPassword',
    )
    expect(read({ KAFKA_ENABLE_SSL_CERTIFICATE_VERIFICATION: 'true' })).toEqual({})
    expect(usage({ KAFKA_DRIVER: 'kafkajs' }).message).toContain('a driver cannot be set by a variable')
  })

  test('two variables of one setting have to agree', () => {
    expect(read({ KAFKA_BROKERS: 'a:1', KAFKA_BOOTSTRAP_SERVERS: 'a:1' })).toEqual({ brokers: ['a:1'] })
    const { message } = usage({ KAFKA_SASL_PASSWORD: 'sesame', KAFKA_SASL_PASSWORD_FILE: file('other', 'simsim') })
    expect(message).toContain('KAFKA_SASL_PASSWORD and KAFKA_SASL_PASSWORD_FILE are names of the same setting')
  })
})

describe('values of variables', () => {
  test('a value is parsed to the type of its setting', () => {
    expect(
      read({
        KAFKA_LINGER_MS: '5',
        KAFKA_ENABLE_IDEMPOTENCE: 'True',
        KAFKA_ACKS: '-1',
        KAFKA_SSL_CHECK_HOSTNAME: 'false',
        KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      }),
    ).toEqual({ lingerMs: 5, idempotence: true, acks: -1, sslCheckHostname: false, securityProtocol: 'sasl_ssl' })
  })

  test.each([
    [{ KAFKA_LINGER_MS: '5s' }, 'KAFKA_LINGER_MS takes a whole number of ms, 0 to 2147483647, got "5s"'],
    [{ KAFKA_LINGER_MS: '1e3' }, 'KAFKA_LINGER_MS takes a whole number of ms, 0 to 2147483647, got "1e3"'],
    [{ KAFKA_IDEMPOTENCE: 'yes' }, 'KAFKA_IDEMPOTENCE takes true or false, got "yes"'],
  ])('%j is refused', (env, message) => {
    expect(usage(env).message).toBe(message)
  })

  test('an empty variable counts as not set', () => {
    expect(read({ KAFKA_GROUP_ID: '', KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: '', KAFKA_LINGR_MS: '' })).toEqual(
      {},
    )
  })

  test('PEM may have escaped line ends', () => {
    const { sslCa } = read({ KAFKA_SSL_CA: String.raw`-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----` })
    expect(sslCa).toBe('-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----')
  })
})

describe('variables that name files', () => {
  test.each([
    ['sesame', 'sesame'],
    ['sesame\n', 'sesame'],
    ['sesame\r\n', 'sesame'],
    [' open\nsesame \n\n', ' open\nsesame \n'],
  ])('%j holds %j', (content, expected) => {
    const { saslPassword } = read({ KAFKA_SASL_PASSWORD_FILE: file('password', content) })
    expect(revealed(saslPassword)).toBe(expected)
  })

  test('any setting can come from a file', () => {
    expect(read({ KAFKA_LINGER_MS_FILE: file('linger', '7\n') })).toEqual({ lingerMs: 7 })
  })

  test('the error names a file that is missing, unreadable or empty', () => {
    const missing = join(folder, 'missing')
    const error = usage({ KAFKA_SASL_PASSWORD_FILE: missing })
    expect(error.message).toContain('the file that KAFKA_SASL_PASSWORD_FILE names cannot be read: ENOENT')
    expect(error.message).toContain(missing)
    expect(error.cause).toMatchObject({ code: 'ENOENT' })
    expect(usage({ KAFKA_SASL_PASSWORD_FILE: folder }).message).toContain('EISDIR')
    const empty = file('empty', '\n')
    expect(usage({ KAFKA_SASL_PASSWORD_FILE: empty }).message).toBe(
      `the file that KAFKA_SASL_PASSWORD_FILE names is empty: ${empty}`,
    )
  })
})

describe('secrets in variables', () => {
  test('the returned settings and their copies do not show secrets', () => {
    const env = { KAFKA_SASL_PASSWORD: 'sesame', KAFKA_SSL_KEY_PASSWORD: 'simsim', KAFKA_GROUP_ID: 'g' }
    const conf = { ...read(env), clientId: 'me' }
    for (const shown of [inspect(conf, { depth: Infinity, showHidden: true }), JSON.stringify(conf)]) {
      expect(shown).toContain('[secret]')
      expect(shown).not.toMatch(/sesame|simsim/)
    }
    Conf(conf)
    expect(revealed(confDefaults().saslPassword)).toBe('sesame')
  })

  test('errors do not show a secret in the wrong variable', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nse/same\n-----END PRIVATE KEY-----'
    for (const env of [
      { KAFKA_SASL_PASSWORD_FILE: 'sesame' },
      { KAFKA_SSL_KEY_FILE: key },
      { KAFKA_SSL_KEY_LOCATION: key },
      { KAFKA_SSL_CA: key },
      { KAFKA_SSL_CERT: key },
      { KAFKA_SSL_KEY: 'sesame' },
      { KAFKA_BROKERS: 'alice:sesame@a:1' },
      { KAFKA_SASL_PASWORD: 'sesame' },
    ])
      expect(inspect(usage(env), { depth: Infinity, showHidden: true })).not.toMatch(/sesame|se\/same/)
  })
})
