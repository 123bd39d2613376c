import './lib/bootstrap.mjs'
import process from 'node:process'
import { mainBranch } from './lib/git.mjs'
import { interruption } from './lib/interruption.mjs'
import { projects, testFiles } from './lib/projects.mjs'
import { removeResults, sumResults, summary } from './lib/results.mjs'
import { tool } from './lib/tool.mjs'
import { missingClients } from './services/clients/other-clients.mjs'
import { testKafka } from './services/kafka/kafka-for-tests.mjs'
import { needsOf } from './lib/test-needs.mjs'
import { testRegistry } from './services/registry/registry-for-tests.mjs'

const HELP = `npm test                          all tests of all projects
npm test -- core kafka            those of some projects
npm test -- kafka topic -t batch  the rest goes to vitest: parts of file names, its options
npm test -- --no-kafka            without the integration tests (*.kafka.test.ts, *.registry.test.ts)
npm test -- --require-kafka       fail if an integration test cannot run, for want of a service or another client
npm test -- --no-cache            run what is known to pass again
npm test -- --affected            only the projects that a branch changes or whose dependencies it changes
The integration tests run against the broker at KAFKA_BROKERS, else against one that is started for the run with
Java 17 and Maven or with Docker, and against the schema registry at SCHEMA_REGISTRY_URL, else against one that is
started with Java 17 and Maven. Those of other clients (*.java.*, *.python.*) need a JDK, or Python 3.9 with venv.
SNAPSTREAM_KAFKA_VERSION starts another version of Kafka (3.9.1).`

const OWN = new Set(['--no-kafka', '--require-kafka', '--no-cache', '--affected', '--help', '-h'])
const args = process.argv.slice(2)
const has = (option) => args.includes(option)

if (has('--help') || has('-h')) {
  console.log(HELP)
  process.exit()
}

const testable = projects().filter(({ manifest }) => manifest.scripts?.test)
const isNamed = (arg) => testable.some(({ short, name }) => arg === short || arg === name)
const names = args.filter(isNamed)
const filters = args.filter((arg) => !isNamed(arg) && !OWN.has(arg))
const named =
  names.length === 0 ? testable : testable.filter(({ short, name }) => names.includes(short) || names.includes(name))
const affected = has('--affected') ? await affectedProjects() : undefined
const chosen = affected ? named.filter(({ name }) => affected.includes(name)) : named
if (chosen.length === 0) {
  console.log('no project is affected')
  console.log(summary({ passed: 0, failed: 0 }))
  process.exit()
}
const integration = chosen.flatMap(testFiles).filter((file) => needsOf(file).length > 0)
const isNeeded = (need) => integration.some((file) => needsOf(file).includes(need))
const signal = interruption()

const off = { env: {}, missing: 'switched off with --no-kafka', stop: async () => {} }
let kafka = off
let registry = off
let clients = {}
let code = 1
try {
  removeResults(chosen)
  if (!has('--no-kafka')) {
    if (isNeeded('kafka')) kafka = await testKafka({ log: console.error, signal })
    if (isNeeded('registry')) registry = await testRegistry({ log: console.error, signal })
  }
  if (isNeeded('java') || isNeeded('python')) clients = await missingClients()
  if (leftOut().length > 0 && has('--require-kafka'))
    throw new Error(`the integration tests have to run:\n${leftOut().join('\n')}`)
  if (!signal.aborted) code = await runTests()
} catch (error) {
  console.error(error.message)
} finally {
  await kafka.stop()
  await registry.stop()
}
report()

/** The names of what differs from main, and of what depends on that. */
async function affectedProjects() {
  const args = ['show', 'projects', '--affected', `--base=${await mainBranch()}`, '--json']
  const { code, stdout, output } = await tool('nx', args, { capture: true })
  if (code !== 0) throw new Error(`nx could not say what is affected:\n${output}`)
  return JSON.parse(stdout)
}

async function runTests() {
  const options = ['--outputStyle=static', '--parallel=1', ...(has('--no-cache') ? ['--skipNxCache'] : [])]
  // With a filter most projects have nothing to run, and that is no failure.
  const forVitest = filters.length > 0 ? ['--', '--passWithNoTests', ...filters] : []
  const nxArgs = ['run-many', '-t', 'test', '-p', chosen.map(({ name }) => name).join(','), ...options, ...forVitest]
  const withoutKafka = kafka.missing ? { KAFKA_BROKERS: undefined } : {}
  const withoutRegistry = registry.missing ? { SCHEMA_REGISTRY_URL: undefined } : {}
  const withoutClients = { SNAPSTREAM_MISSING_CLIENTS: Object.keys(clients).join(',') }
  const env = { ...kafka.env, ...registry.env, ...withoutKafka, ...withoutRegistry, ...withoutClients }
  const ended = await tool('nx', nxArgs, { env })
  return ended.code
}

/** The integration tests that cannot run, each with what it needs. */
function leftOut() {
  const missing = {
    ...clients,
    ...(kafka.missing ? { kafka: `a Kafka broker (${kafka.missing})` } : {}),
    ...(registry.missing ? { registry: `a schema registry (${registry.missing})` } : {}),
  }
  const needs = (file) =>
    needsOf(file)
      .filter((need) => missing[need])
      .map((need) => missing[need])
      .join(' and ')
  return integration.filter(needs).map((file) => `${file} needs ${needs(file)}`)
}

function report() {
  const sum = sumResults(chosen)
  if (code !== 0 && sum.failed === 0) {
    sum.failed = 1
    sum.problems.push(`the run failed outside of the tests (nx ended with ${code})`)
  }
  for (const problem of sum.problems) console.log(problem)
  const skipped = leftOut()
  if (skipped.length > 0) {
    console.log('\nskipped, as something is not here; each file counts as one:')
    for (const line of skipped) console.log(`  ${line}`)
    sum.skipped += skipped.length
  }
  console.log(summary(sum))
  process.exitCode ??= sum.failed > 0 ? 1 : 0
}
