import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { at } from '../services/root.mjs'

const TIMEOUT_MS = 120_000
const tools = ['bench', 'chaos', 'check', 'ci', 'demo', 'fuzz', 'kafka', 'packed', 'release', 'rivals', 'soak', 'test']

test.concurrent.each(tools)(
  '%s --help prints its help and does nothing else',
  async (tool) => {
    const { stdout } = await promisify(execFile)(process.execPath, [at(`tools/${tool}.mjs`), '--help'])
    expect(stdout).toContain(tool === 'test' ? 'npm test' : tool === 'ci' ? '.ci/run' : `npm run ${tool}`)
  },
  TIMEOUT_MS,
)

test.concurrent.each(['check', 'packed', 'ci'])(
  '%s refuses an unknown option',
  async (tool) => {
    const run = promisify(execFile)(process.execPath, [at(`tools/${tool}.mjs`), '--helpp'])
    await expect(run).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("'--helpp'") })
  },
  TIMEOUT_MS,
)
