import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { run } from '../services/process/run.mjs'

/** Runs the installed command: its version, its help, and the cache that the program in the folder wrote. */
export async function runBinary(folder) {
  const { version } = JSON.parse(readFileSync(join(folder, 'node_modules/@snapstream/cli/package.json'), 'utf8'))
  const [cache] = readdirSync(join(folder, 'db'))
  const expected = [
    [['--version'], (output) => output.trim() === version],
    [['--help'], (output) => output.includes('snapstream topic emoji')],
    [['cache', join('db', cache), '--json'], (output) => output.includes('{"key":"a","value":1}')],
  ]
  for (const [args, isRight] of expected) {
    const { code, output } = await run('npx', ['--no-install', 'snapstream', ...args], {
      cwd: folder,
      capture: true,
      timeoutMs: 60_000,
      shell: process.platform === 'win32',
    })
    if (code !== 0 || !isRight(output))
      return { ok: false, output: `snapstream ${args.join(' ')}: exit code ${code}\n${output}` }
  }
  return { ok: true }
}
