import './lib/bootstrap.mjs'
import { availableParallelism } from 'node:os'
import process from 'node:process'
import { mainBranch } from './lib/git.mjs'
import { interruption } from './lib/interruption.mjs'
import { projects, testFiles } from './lib/projects.mjs'
import { removeResults, sumResults, summary } from './lib/results.mjs'
import { testLanes } from './lib/test-lanes.mjs'
import { needsOf } from './lib/test-needs.mjs'
import { tool } from './lib/tool.mjs'
import { missingClients } from './services/clients/other-clients.mjs'
import { testKafka } from './services/kafka/kafka-for-tests.mjs'
import { testRegistry } from './services/registry/registry-for-tests.mjs'

const HELP = `npm test                          the tests of all projects
npm test -- core kafka            the tests of some projects
npm test -- kafka topic -t batch  other arguments go to vitest: parts of file names, and its options
npm test -- --long                also the long tests (*.long.*), which bash .ci/run includes
npm test -- --affected            only the projects that differ from main, and those that depend on them
npm test -- --no-cache            also run the tests that passed before and are unchanged
npm test -- --no-kafka            without the integration tests (*.kafka.*, *.registry.*)
npm test -- --require-kafka       fail if an integration test cannot run because a service or a client is missing

The integration tests run against the broker at KAFKA_BROKERS, or else against one that the command starts with Java 17
and Maven or with Docker; and against the schema registry at SCHEMA_REGISTRY_URL, or else against one that the command
starts with Java 17 and Maven. Tests with other clients (*.java.*, *.python.*) need a JDK, or Python 3.9 with venv.
SNAPSTREAM_KAFKA_VERSION is the version of Kafka to start (default: 4.1.0).`

/** Projects that are tested at the same time, as integration tests wait for much of their time. */
const LANES = 4
/** Each project has its part of the cores, as several tests measure time. */
const WORKERS = Math.max(1, Math.floor(availableParallelism() / LANES))

const OWN = new Set(['--long', '--no-kafka', '--require-kafka', '--no-cache', '--affected', '--help', '-h'])
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
const files = chosen.flatMap(testFiles).filter((file) => has('--long') || !needsOf(file).includes('long'))
const isNeeded = (need) => files.some((file) => needsOf(file).includes(need))
const signal = interruption()

const off = { env: {}, missing: 'switched off with --no-kafka', stop: async () => {} }
let kafka = off
let registry = off
let clients = {}
let code = 1
try {
  removeResults(chosen)
  if (!has('--no-kafka'))
    [kafka, registry] = await startAll([
      isNeeded('kafka') ? testKafka({ log: console.error, signal }) : off,
      isNeeded('registry') ? testRegistry({ log: console.error, signal }) : off,
    ])
  if (isNeeded('java') || isNeeded('python')) clients = await missingClients()
  if (leftOut().length > 0 && has('--require-kafka'))
    throw new Error(`the integration tests have to run:\n${leftOut().join('\n')}`)
  if (!signal.aborted) code = await runTests()
} catch (error) {
  console.error(error.message)
} finally {
  await Promise.all([kafka.stop(), registry.stop()])
}
report()

/** Waits for services that start at the same time. If one does not start, the others are stopped. */
async function startAll(starting) {
  const settled = await Promise.allSettled(starting)
  const failed = settled.find(({ status }) => status === 'rejected')
  if (!failed) return settled.map(({ value }) => value)
  await Promise.all(settled.map(({ value }) => value?.stop()))
  throw failed.reason
}

/** The names of the projects that differ from main, and of those that depend on them. */
async function affectedProjects() {
  const args = ['show', 'projects', '--affected', `--base=${await mainBranch()}`, '--json']
  const { code, stdout, output } = await tool('nx', args, { capture: true })
  if (code !== 0) throw new Error(`nx could not say which projects are affected:\n${output}`)
  return JSON.parse(stdout)
}

async function runTests() {
  const options = ['--outputStyle=static', '--parallel=1', ...(has('--no-cache') ? ['--skipNxCache'] : [])]
  // With a filter most projects have nothing to run, which is no failure.
  const forVitest = filters.length > 0 ? ['--', '--passWithNoTests', ...filters] : []
  const env = {
    ...kafka.env,
    ...registry.env,
    ...(kafka.missing && { KAFKA_BROKERS: undefined }),
    ...(registry.missing && { SCHEMA_REGISTRY_URL: undefined }),
    SNAPSTREAM_LEAVE_OUT: [...Object.keys(clients), ...(has('--long') ? [] : ['long'])].join(','),
    VITEST_MAX_WORKERS: String(WORKERS),
  }
  const run = async (lane) => {
    const names = lane.map(({ name }) => name).join(',')
    return (await tool('nx', ['run-many', '-t', 'test', '-p', names, ...options, ...forVitest], { env })).code
  }
  const codes = await Promise.all(testLanes(chosen, LANES, { long: has('--long') }).map(run))
  return codes.find((ended) => ended !== 0) ?? 0
}

/** The integration tests that cannot run, each with its missing needs. */
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
  return files.filter(needs).map((file) => `${file} needs ${needs(file)}`)
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
    console.log('\nskipped, because something is not installed; each file counts as one:')
    for (const line of skipped) console.log(`  ${line}`)
    sum.skipped += skipped.length
  }
  console.log(summary(sum))
  process.exitCode ??= sum.failed > 0 ? 1 : 0
}
