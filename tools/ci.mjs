import './lib/bootstrap.mjs'
import { demo, demoOnKafka } from './ci/demo.mjs'
import { newestNode } from './ci/newest-node.mjs'
import { prerequisites } from './ci/prerequisites.mjs'
import { interruption } from './lib/interruption.mjs'
import { parseSummary, summary } from './lib/results.mjs'
import { run } from './lib/run.mjs'
import { runSteps, setExitCode } from './lib/steps.mjs'

// Everything that has to hold before a change goes in. A step is one test, but for the tests themselves.
const tests = { passed: 0, failed: 0, skipped: 0 }

const npm = async (...args) => ({ ok: (await run('npm', args, { capture: 'tee' })).code === 0 })

async function npmTest() {
  const { code, stdout } = await run('npm', ['test', '--', '--require-kafka'], { capture: 'tee' })
  Object.assign(tests, parseSummary(stdout) ?? { failed: 1 })
  if (code !== 0 && tests.failed === 0) tests.failed = 1
  return { ok: code === 0 }
}

const signal = interruption()
const steps = [
  { name: 'npm test', needs: 'prerequisites', run: npmTest },
  { name: 'npm run check', run: () => npm('run', 'check') },
  { name: 'packed packages', run: () => npm('run', 'packed') },
  { name: 'tests on the newest Node', run: newestNode },
  { name: 'npm run demo', run: demo },
  { name: 'npm run demo on Kafka', needs: 'prerequisites', run: () => demoOnKafka(signal) },
]
const counts = await runSteps([{ name: 'prerequisites', run: prerequisites }, ...steps], { signal, announce: true })
// npm test is counted by its tests, unless it could not run at all.
const ran = tests.passed + tests.failed + tests.skipped > 0
const total = {
  passed: counts.passed + tests.passed - (ran && tests.failed === 0 ? 1 : 0),
  failed: counts.failed + tests.failed - (ran && tests.failed > 0 ? 1 : 0) + (signal.aborted ? 1 : 0),
  skipped: tests.skipped,
}
console.log(summary(total))
setExitCode(total)
