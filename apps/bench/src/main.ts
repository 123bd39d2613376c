import process from 'node:process'
import { runProgram, writeJson } from '@snapstream/program'
import { startKafka } from '@snapstream/services'
import { createArena } from './harness/arena.ts'
import { machine } from './harness/machine.ts'
import { chosen, measureCase, roundsOf } from './harness/measure-case.ts'
import { createProgress } from './harness/progress.ts'
import { HELP, parseOptions } from './options.ts'
import type { Options } from './options.ts'
import { checkWork } from './regression/check-work.ts'
import { caseReport } from './report/case-report.ts'
import { readRecorded, record } from './report/record.ts'
import type { CaseResult } from './results.ts'

/** Progress goes to stderr, and the report to stdout. */
const log = (line: string) => console.error(line)

/** For one run. */
const TIMEOUT_MS = { tiny: 300_000, quick: 300_000, full: 900_000 }

async function main(options: Options): Promise<void> {
  const { size, choices, rounds, json } = options
  const arena = createArena({ size, log, startBroker })
  const recorded = await readRecorded()
  const results: CaseResult[] = []
  const titles = choices.flatMap(({ suite, case: one }) =>
    chosen(one, arena).flatMap(({ name }) =>
      Array.from({ length: roundsOf(one, rounds) }, () => `${suite.name}/${one.name} ${name}`),
    ),
  )
  const progress = createProgress({ titles, known: size === 'full' ? wallTimes(recorded) : new Map(), log })
  try {
    for (const { suite, case: one } of choices) {
      const measuring = { arena, rounds, machine: await machine(), progress, timeoutMs: TIMEOUT_MS[size] }
      const result = await measureCase(suite, one, measuring)
      results.push(result)
      console.log(caseReport(one, result))
      if (isVoid(result)) process.exitCode = 1
      // After each case, because a run of hours may be interrupted.
      if (options.record) await record([result])
    }
  } finally {
    await arena.close()
  }
  await writeJson(json, results)
}

async function startBroker() {
  const given = process.env['KAFKA_BROKERS']
  if (given !== undefined) return { brokers: given, stop: async () => {} }
  return startKafka({ log, timeoutMs: 180_000 })
}

const isVoid = ({ contestants }: CaseResult) => contestants.some(({ voided }) => voided.length > 0)

const wallTimes = (results: readonly CaseResult[]) =>
  new Map(
    results.flatMap(({ suite, case: one, contestants }) =>
      contestants.map(({ name, wallMs }) => [`${suite}/${one} ${name}`, wallMs] as const),
    ),
  )

async function checked(): Promise<void> {
  process.exitCode = (await checkWork(console.log)) ? 0 : 1
}

await runProgram('bench', {
  help: HELP,
  parse: parseOptions,
  main: (options) => (options.check ? checked() : main(options)),
})
