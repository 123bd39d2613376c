import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { SnapstreamError } from '@snapstream/core'
import { Conf } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'
import { applySettings } from '@snapstream/cli/src/settings/settings.ts'
import type { Target } from '../target.ts'

const text = new TextEncoder()
const SECRET = 'never-to-be-shown'

/** Configuration files of the snapstream command. */
export const cliConfig: Target = {
  name: 'cli-config',
  about: 'configuration files of the snapstream command',
  seeds: () =>
    [
      { conf: { brokers: 'localhost:9092', 'sasl.password': '$PASSWORD' }, secrets: '.' },
      { schema: 'a.avsc', registry: 'http://$PASSWORD', driver: 'kafkajs' },
      { topics: { orders: { conf: { acks: 'all', clientId: '$PASSWORD' }, schema: 'b.avsc', registry: '$PASSWORD' } } },
      { constructor: 1, conf: { toString: 1 }, topics: { constructor: {} } },
      { conf: { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN', 'sasl.username': 'u', saslPassword: 'p' } },
    ].map((file) => text.encode(JSON.stringify(file))),
  open(planted) {
    const cwd = mkdtempSync(join(tmpdir(), 'snapstream-fuzz-'))
    const driver = memory()
    let warnings = ''
    const io = {
      stdin: Readable.from([]),
      stdout: new Writable(),
      stderr: { write: (warning: string) => (warnings += warning) },
      env: { PASSWORD: SECRET },
      cwd,
      home: cwd,
      signal: new AbortController().signal,
      driver,
    }
    return async (input) => {
      Conf.reset()
      warnings = ''
      writeFileSync(join(cwd, 'snapstream.config.json'), input, { mode: 0o600 })
      try {
        const settings = await applySettings({}, io, 'orders')
        for (const [name, value] of Object.entries(settings))
          if (typeof value !== 'string') throw new TypeError(`${name} is ${typeof value}`)
        return `ok ${Object.keys(settings).join(' ')}`
      } catch (error) {
        if (!(error instanceof SnapstreamError) || error.code !== 'USAGE') throw error
        if (`${error.message}${warnings}`.includes(SECRET))
          throw new Error('a message contains a secret', { cause: error })
        // Deliberate bug: invalid JSON throws a SyntaxError.
        if (planted && error.cause instanceof SyntaxError) throw error.cause
        return error.message
          .replace(/^.*config\.json/s, '')
          .replace(/(takes|got|is no JSON|refers|no setting) .*/s, '$1')
      }
    }
  },
}
