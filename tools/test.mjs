import './lib/bootstrap.mjs'
import process from 'node:process'
import { interruption } from './lib/interruption.mjs'
import { kafkaTests, projects } from './lib/projects.mjs'
import { removeResults, sumResults, summary } from './lib/results.mjs'
import { tool } from './lib/tool.mjs'
import { testKafka } from './services/test-kafka.mjs'

const HELP = `npm test                          all tests of all projects
npm test -- core kafka            those of some projects
npm test -- kafka topic -t batch  the rest goes to vitest: parts of file names, its options
npm test -- --no-kafka            without the integration tests (*.kafka.test.ts)
npm test -- --require-kafka       fail if there is no broker for the integration tests
npm test -- --no-cache            run what is known to pass again
The integration tests run against the broker at KAFKA_BROKERS, else against one that is started for the run with
Java 17 and Maven or with Docker.`

const OWN = new Set(['--no-kafka', '--require-kafka', '--no-cache', '--help', '-h'])
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
const chosen =
  names.length === 0 ? testable : testable.filter(({ short, name }) => names.includes(short) || names.includes(name))
const integration = chosen.flatMap(kafkaTests)
const signal = interruption()

let kafka = { env: {}, missing: 'switched off with --no-kafka', stop: async () => {} }
let code = 1
try {
  removeResults(chosen)
  if (integration.length > 0 && !has('--no-kafka')) kafka = await testKafka({ log: console.error, signal })
  if (kafka.missing && has('--require-kafka')) throw new Error(`the integration tests have to run: ${kafka.missing}`)
  if (!signal.aborted) code = await runTests()
} catch (error) {
  console.error(error.message)
} finally {
  await kafka.stop()
}
report()

async function runTests() {
  const options = ['--outputStyle=static', '--parallel=1', ...(has('--no-cache') ? ['--skipNxCache'] : [])]
  // With a filter most projects have nothing to run, and that is no failure.
  const forVitest = filters.length > 0 ? ['--', '--passWithNoTests', ...filters] : []
  const nxArgs = ['run-many', '-t', 'test', '-p', chosen.map(({ name }) => name).join(','), ...options, ...forVitest]
  const withoutKafka = kafka.missing ? { KAFKA_BROKERS: undefined } : {}
  const ended = await tool('nx', nxArgs, { env: { ...kafka.env, ...withoutKafka } })
  return ended.code
}

function report() {
  const sum = sumResults(chosen)
  if (code !== 0 && sum.failed === 0) {
    sum.failed = 1
    sum.problems.push(`the run failed outside of the tests (nx ended with ${code})`)
  }
  for (const problem of sum.problems) console.log(problem)
  if (kafka.missing && integration.length > 0) {
    console.log(`\nskipped, as they need a Kafka broker (${kafka.missing}); each file counts as one:`)
    for (const file of integration) console.log(`  ${file}`)
    sum.skipped += integration.length
  }
  console.log(summary(sum))
  process.exitCode ??= sum.failed > 0 ? 1 : 0
}
