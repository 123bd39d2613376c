import { parseScenarios } from '../lib/results.mjs'
import { run } from '../services/process/run.mjs'

/** Runs a command of scenarios in its short form. Each scenario counts as one test. */
export async function shortForm(command, timeoutMs) {
  const { code, stdout } = await run('npm', ['run', '--silent', command, '--', '--short'], {
    capture: 'tee',
    timeoutMs,
  })
  const { passed, failed } = parseScenarios(stdout) ?? { passed: 0, failed: 0 }
  return { ok: code === 0, passed, failed: code !== 0 && failed === 0 ? 1 : failed }
}
