import { parseScenarios } from '../lib/results.mjs'
import { run } from '../lib/run.mjs'

/** The short form of the soak, which needs no broker, is one test. */
export async function soak() {
  const { code, stdout } = await run('npm', ['run', '--silent', 'soak', '--', '--short'], {
    capture: 'tee',
    timeoutMs: 300_000,
  })
  const { passed, failed } = parseScenarios(stdout) ?? { passed: 0, failed: 0 }
  return { ok: code === 0, passed, failed: code !== 0 && failed === 0 ? 1 : failed }
}
