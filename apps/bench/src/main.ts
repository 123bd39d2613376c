import { writeFile } from 'node:fs/promises'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measure } from './measure.ts'
import { reportCase, reportMachine } from './report.ts'
import { suites } from './suites.ts'

const HELP = `Measures Snapstream beside what people would use instead: npm run bench -- [suite ...] [options]

Suites (default: all)
${suites.map(({ name, about }) => `  ${name.padEnd(10)}  ${about}`).join('\n')}

Options
  --rounds N  how often each contestant runs (default 5)
  --record    also write the report to apps/bench/RESULTS.md
  --help      this text`

const RESULTS = fileURLToPath(new URL('../RESULTS.md', import.meta.url))

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      record: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    console.log(HELP)
    return
  }
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds takes a whole number from 1, got ${values.rounds}`)
  const chosen = positionals.length === 0 ? suites : positionals.map(suiteOf)
  const report = [`## Results`, '', reportMachine(rounds), '']
  console.log(report.join('\n'))
  for (const suite of chosen) {
    const prepared = await suite.prepare?.(log)
    try {
      for (const one of suite.cases) {
        const rates = await measure(suite, one, { rounds, input: prepared?.input ?? '', log })
        const text = reportCase(suite, one, rates)
        console.log(text)
        report.push(text)
      }
    } finally {
      await prepared?.close()
    }
  }
  if (values.record)
    await writeFile(RESULTS, `# Benchmarks\n\nMade by \`npm run bench -- --record\`.\n\n${report.join('\n')}`)
}

function suiteOf(name: string) {
  const suite = suites.find((one) => one.name === name)
  if (suite) return suite
  throw new Error(`there is no suite '${name}'; there are ${suites.map((one) => one.name).join(', ')}`)
}

/** Progress goes beside the report, not into it. */
function log(line: string): void {
  console.error(line)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
