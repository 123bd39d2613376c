import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const brokers = process.env['KAFKA_BROKERS']
const main = fileURLToPath(new URL('main.ts', import.meta.url))

describe.skipIf(brokers === undefined)('the demo on a real broker', () => {
  test('prints the same, twice in a row', { timeout: 60_000 }, async () => {
    const args = ['--import', 'tsx', '--conditions=@snapstream/source', main, '--kafka', brokers ?? '']
    const first = await promisify(execFile)(process.execPath, args)
    const second = await promisify(execFile)(process.execPath, args)
    expect(first.stdout.trim().split('\n')).toHaveLength(10)
    expect(second).toEqual(first)
  })
})
