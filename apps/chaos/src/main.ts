import process from 'node:process'
import { interruption, runProgram, writeJson } from '@snapstream/program'
import { startBroker } from './broker.ts'
import type { Brokers } from './brokers.ts'
import { startCluster } from './cluster.ts'
import { HELP, parseOptions } from './options.ts'
import type { Options } from './options.ts'
import { startProgress } from './progress.ts'
import { recordResults } from './record-results.ts'
import { reportTable } from './report.ts'
import { runCase } from './run-case.ts'
import { runsOf } from './runs.ts'
import type { Case } from './scenario.ts'
import { summaryLines } from './summary.ts'
import type { Result } from './verdict.ts'

/** Progress goes to stderr, the report to stdout. */
const log = (line: string) => console.error(line)

async function main(options: Options): Promise<void> {
  const runs = runsOf(options)
  const results: Result[] = []
  const signal = interruption()
  const progress = startProgress(runs, log)
  let shared: Brokers | undefined
  try {
    for (const run of runs) {
      const own = await ownBrokers(run.one, signal)
      try {
        const brokers = own ?? (shared ??= await startBroker(signal, log))
        results.push(await runCase(run.one, { ...run, brokers, signal, log }))
      } finally {
        await own?.stop()
      }
      progress.done()
    }
  } finally {
    progress.stop()
    await shared?.stop()
    // An interruption still reports the runs that have ended.
    await tell(results, options)
  }
  const failed = results.filter(({ broken }) => broken.length > 0).length
  console.log(`scenarios: ${results.length - failed} passed, ${failed} failed`)
  process.exitCode ??= failed > 0 ? 1 : 0
}

/** The brokers of a case that does not run against the shared broker. */
async function ownBrokers({ cluster, transactionVersion }: Case, signal: AbortSignal): Promise<Brokers | undefined> {
  if (cluster) return startCluster(signal, log)
  return transactionVersion && startBroker(signal, log, transactionVersion)
}

async function tell(results: readonly Result[], { json, repeat, record }: Options): Promise<void> {
  console.log(reportTable(results))
  if (repeat > 1) console.log(['', ...summaryLines(results)].join('\n'))
  if (record) await recordResults(results)
  await writeJson(json, results)
}

await runProgram('chaos', { help: HELP, parse: parseOptions, main })
