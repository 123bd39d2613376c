import { writeFile } from 'node:fs/promises'
import process from 'node:process'
import { startKafka } from '@snapstream/services'
import { interruption } from '../interruption.ts'
import { HELP, parseRivalOptions } from './rival-options.ts'
import type { RivalOptions } from './rival-options.ts'
import { rivalTable } from './rival-report.ts'
import type { RivalFigures } from './rival-report.ts'
import { runRival } from './run-rival.ts'

/** Progress goes beside the report, not into it. */
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
        // The others are measured all the same.
        log(`${rival.name}: ${error instanceof Error ? error.message : String(error)}`)
        process.exitCode = 1
      }
  } finally {
    await kafka.stop()
    console.log(rivalTable(all))
    const text = JSON.stringify(all, undefined, 2)
    if (json === '-') console.log(text)
    else if (json !== undefined) await writeFile(json, `${text}\n`)
  }
}

try {
  const options = parseRivalOptions(process.argv.slice(2))
  if (options) await main(options)
  else console.log(HELP)
} catch (error) {
  console.error(`rivals: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode ??= 1
}
