import process from 'node:process'
import { interruption, runProgram, writeJson } from '@snapstream/program'
import { startKafka } from '@snapstream/services'
import { HELP, parseRivalOptions } from './rival-options.ts'
import type { RivalOptions } from './rival-options.ts'
import { rivalTable } from './rival-report.ts'
import type { RivalFigures } from './rival-report.ts'
import { runRival } from './run-rival.ts'

/** Progress goes to stderr, the report to stdout. */
const log = (line: string) => console.error(line)

async function main({ chosen, json, ...options }: RivalOptions): Promise<void> {
  const signal = interruption()
  const kafka = await startKafka({ signal, log })
  const all: RivalFigures[] = []
  try {
    for (const rival of chosen)
      try {
        all.push(await runRival(rival, { ...options, brokers: kafka.brokers, signal, log }))
      } catch (error) {
        signal.throwIfAborted()
        // Continues with the other libraries.
        log(`${rival.name}: ${error instanceof Error ? error.message : String(error)}`)
        process.exitCode = 1
      }
  } finally {
    await kafka.stop()
    console.log(rivalTable(all))
    await writeJson(json, all)
  }
}

await runProgram('rivals', { help: HELP, parse: parseRivalOptions, main })
