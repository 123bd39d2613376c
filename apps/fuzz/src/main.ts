import process from 'node:process'
import { interruption, runProgram } from '@snapstream/program'
import { fuzz } from './fuzz.ts'
import { HELP, parseFuzzOptions } from './fuzz-options.ts'
import type { FuzzOptions } from './fuzz-options.ts'
import { keepFinding, keepInCorpus } from './inputs.ts'
import type { Target } from './target.ts'

const signal = interruption()

async function main(options: FuzzOptions): Promise<void> {
  let failed = 0
  for (const target of options.targets) if (!(await one(target, options))) failed++
  console.log(`scenarios: ${options.targets.length - failed} passed, ${failed} failed`)
  process.exitCode ??= failed > 0 ? 1 : 0
}

/** Fuzzes one target and prints a line about it. Resolves with whether it passed. */
async function one({ name }: Target, { ms, seed, input, keep, planted }: FuzzOptions): Promise<boolean> {
  const plan = { target: name, seed, ms, planted, ...(input === undefined ? {} : { only: input }) }
  const result = await fuzz(plan, signal, (runs, kept) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${runs} inputs, ${kept} with a new outcome`)
  })
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[2K')
  if (keep && !planted) for (const one of result.kept) keepInCorpus(name, one)
  const { runs, grewBytes, slowestMs, kept, finding } = result
  const figures = `${name.padEnd(16)} seed ${seed}  ${runs} inputs, ${kept.length} with a new outcome, slowest ${slowestMs.toFixed(1)} ms, grew ${(grewBytes / 2 ** 20).toFixed(0)} MB`
  if (!finding) {
    console.log(`${figures}  ${planted ? 'FAILED: the deliberate bug was not found' : 'ok'}`)
    return !planted
  }
  if (planted) {
    console.log(`${name.padEnd(16)} seed ${seed}  the deliberate bug was found: ${finding.what.split('\n')[0]}`)
    return true
  }
  const file = keepFinding(name, finding.input)
  console.log(`${figures}  FAILED\n  ${finding.what}\n  reproduce: npm run fuzz -- ${name} --input ${file}`)
  return false
}

await runProgram('fuzz', { help: HELP, parse: parseFuzzOptions, main })
