import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { scaleProblems } from './fixtures/scale-problems.ts'

const brokers = process.env['KAFKA_BROKERS']
const main = fileURLToPath(new URL('../main.ts', import.meta.url))

describe.skipIf(brokers === undefined)('on a real broker', () => {
  test('moves counts between processes, and compares them with the input', { timeout: 300_000 }, async () => {
    const args = ['--import', 'tsx', '--conditions=@snapstream/source', main, 'scale', '--kafka', brokers ?? '']
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args)
    expect(scaleProblems(stdout)).toEqual([])
    expect(stdout).toContain('Processes')
    expect(stderr).toBe('')
  })
})
