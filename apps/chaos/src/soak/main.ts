import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { interruption, runProgram } from '@snapstream/program'
import { startKafka } from '@snapstream/services'
import type { RunningKafka } from '@snapstream/services'
import { runSoak } from './run-soak.ts'
import { HELP, parseSoakOptions } from './soak-options.ts'
import type { SoakOptions } from './soak-options.ts'

const ROUNDS = 100

async function main({ runs }: SoakOptions): Promise<void> {
  const signal = interruption()
  let kafka: RunningKafka | undefined
  let [passed, failed] = [0, 0]
  try {
    for (const { driver, messages } of runs) {
      if (driver !== 'memory') kafka ??= await startKafka({ signal })
      const id = randomUUID()
      const { ok, line } = await runSoak(
        {
          driver,
          brokers: kafka?.brokers ?? '',
          input: `soak-in-${id}`,
          output: `soak-out-${id}`,
          groupId: `soak-${id}`,
          messages,
          rounds: ROUNDS,
        },
        signal,
      )
      console.log(line)
      if (ok) passed += 1
      else failed += 1
    }
  } finally {
    await kafka?.stop()
  }
  console.log(`scenarios: ${passed} passed, ${failed} failed`)
  process.exitCode ??= failed > 0 ? 1 : 0
}

await runProgram('soak', { help: HELP, parse: parseSoakOptions, main })
