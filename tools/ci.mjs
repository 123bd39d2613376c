import './lib/bootstrap.mjs'
import process from 'node:process'
import { shortForm } from './ci/short-form.mjs'
import { demo, demoOnKafka } from './ci/demo.mjs'
import { newestNode } from './ci/newest-node.mjs'
import { OLDER_KAFKA, onOlderKafka } from './ci/older-kafka.mjs'
import { prerequisites } from './ci/prerequisites.mjs'
import { interruption } from './lib/interruption.mjs'
import { parseOptions } from './lib/parse-options.mjs'
import { parseSummary, summary } from './lib/results.mjs'
import { run } from './services/process/run.mjs'
import { runSteps, setExitCode } from './lib/steps.mjs'

const HELP = `bash .ci/run    runs all checks that a change has to pass: all tests with the long ones, chaos, soak, fuzz, checks,
                packed packages, demos. It has no options.`

parseOptions(HELP)

// A step counts as one test, except for the steps of tests, which count their tests.
const tests = { passed: 0, failed: 0, skipped: 0 }
/** The steps that count their tests or scenarios. */
const testSteps = { passed: 0, failed: 0 }

const npm = async (...args) => ({ ok: (await run('npm', args, { capture: 'tee' })).code === 0 })

async function npmTest(args = [], env = {}) {
  const options = { capture: 'tee', env: { ...process.env, ...env } }
  const { code, stdout } = await run('npm', ['test', '--', '--require-kafka', '--long', ...args], options)
  const { passed, failed, skipped } = parseSummary(stdout) ?? { passed: 0, failed: 0, skipped: 0 }
  return counted({ ok: code === 0, passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped })
}

/** Adds the tests of a step to the sum, in place of the step. */
function counted({ ok, passed, failed, skipped = 0 }) {
  tests.passed += passed
  tests.failed += failed
  tests.skipped += skipped
  testSteps[ok ? 'passed' : 'failed'] += 1
  return { ok, passed }
}

const signal = interruption()
const steps = [
  { name: 'npm test', needs: 'prerequisites', run: () => npmTest() },
  { name: `drivers on Kafka ${OLDER_KAFKA}`, needs: 'prerequisites', run: () => onOlderKafka(npmTest) },
  { name: 'bad days', needs: 'prerequisites', run: async () => counted(await shortForm('chaos', 600_000)) },
  { name: 'soak', run: async () => counted(await shortForm('soak', 300_000)) },
  { name: 'fuzz', run: async () => counted(await shortForm('fuzz', 300_000)) },
  { name: 'npm run check', run: () => npm('run', 'check') },
  { name: 'work for a message', run: () => npm('run', '--silent', 'bench', '--', '--check') },
  { name: 'packed packages', run: () => npm('run', 'packed') },
  { name: 'rehearsal of releases', run: () => npm('run', '--silent', 'release', '--', '--rehearse') },
  { name: 'tests on the newest Node', run: newestNode },
  { name: 'npm run demo', run: demo },
  { name: 'npm run demo on Kafka', needs: 'prerequisites', run: () => demoOnKafka(signal) },
]
const counts = await runSteps([{ name: 'prerequisites', run: prerequisites }, ...steps], { signal, announce: true })
const total = {
  passed: counts.passed - testSteps.passed + tests.passed,
  failed: counts.failed - testSteps.failed + tests.failed + (signal.aborted ? 1 : 0),
  skipped: tests.skipped,
}
console.log(summary(total))
setExitCode(total)
