import './lib/bootstrap.mjs'
import process from 'node:process'
import { shortForm } from './ci/short-form.mjs'
import { demo, demoOnKafka } from './ci/demo.mjs'
import { newestNode } from './ci/newest-node.mjs'
import { OLDER_KAFKA, onOlderKafka } from './ci/older-kafka.mjs'
import { prerequisites } from './ci/prerequisites.mjs'
import { interruption } from './lib/interruption.mjs'
import { onlyHelp } from './lib/only-help.mjs'
import { parseSummary, summary } from './lib/results.mjs'
import { run } from './services/process/run.mjs'
import { runSteps, setExitCode } from './lib/steps.mjs'

const HELP = `bash .ci/run    everything that has to hold before a change goes in: tests, bad days, soak, fuzz, checks, packages, demos.
                It takes no options.`

if (onlyHelp(HELP)) process.exit()

// A step is one test, but for the tests themselves.
const tests = { passed: 0, failed: 0, skipped: 0 }
/** The steps that are counted by their tests, or by their scenarios. */
const testSteps = { passed: 0, failed: 0 }

const npm = async (...args) => ({ ok: (await run('npm', args, { capture: 'tee' })).code === 0 })

async function npmTest(args = [], env = {}) {
  const options = { capture: 'tee', env: { ...process.env, ...env } }
  const { code, stdout } = await run('npm', ['test', '--', '--require-kafka', '--long', ...args], options)
  const { passed, failed, skipped } = parseSummary(stdout) ?? { passed: 0, failed: 0, skipped: 0 }
  return counted({ ok: code === 0, passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped })
}

/** Counts a step by its tests and not as one. */
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
