import { openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { byName, random } from '@snapstream/program'
import type { FuzzLine, FuzzPlan } from './fuzz-plan.ts'
import { readCorpus } from './inputs.ts'
import { mutate } from './mutate.ts'
import { targets } from './targets.ts'

/** An input must not block the event loop for longer. */
const BLOCKED_MS = 100
/** The largest growth of the peak memory after the corpus. */
const GROWTH_BYTES = 200 * 2 ** 20
/** The largest number of inputs that are kept for mutation in addition to the corpus. */
const KEPT = 2000
const PROGRESS_MS = 5000

const plan = JSON.parse(process.argv[2] as string) as FuzzPlan
const target = byName(targets, 'target', plan.target)
const current = openSync(plan.current, 'w')
const say = (line: FuzzLine) => writeSync(1, `${JSON.stringify(line)}\n`)

/** Reports that the current input failed, and ends the process. */
function found(what: string): never {
  say({ kind: 'found', what })
  process.exit(1)
}
// An error outside of the promise of a run is a finding, too.
process.on('uncaughtException', (error) => found(`thrown outside of its promise: ${error.stack ?? error}`))
process.on('unhandledRejection', (error) =>
  found(`unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`),
)

const run = await target.open(plan.planted)
const length = Buffer.alloc(4)
let slowestMs = 0

/** Runs one input and returns the word for its outcome. */
async function take(input: Uint8Array): Promise<string> {
  length.writeUInt32LE(input.length)
  writeSync(current, length, 0, 4, 0)
  writeSync(current, input, 0, input.length, 4)
  try {
    const took = await timed(input)
    // A busy machine may have paused the process: an input is slow if it is slow three times.
    const ms = took.ms < BLOCKED_MS ? took.ms : Math.min(took.ms, (await timed(input)).ms, (await timed(input)).ms)
    slowestMs = Math.max(slowestMs, ms)
    if (ms >= BLOCKED_MS) found(`blocked the event loop for ${Math.round(ms)} ms`)
    return took.word
  } catch (error) {
    return found(`threw ${error instanceof Error ? error.stack : String(error)}`)
  }
}

/**
 * The longest time for which the event loop was blocked while the input ran, limited to the CPU time, because a busy machine
 * may pause the process.
 */
async function timed(input: Uint8Array): Promise<{ word: string; ms: number }> {
  const start = performance.now()
  const used = process.cpuUsage()
  const workedMs = () => {
    const { user, system } = process.cpuUsage(used)
    return (user + system) / 1000
  }
  const answer = run(input)
  let ms = performance.now() - start
  if (typeof answer === 'string') return { word: answer, ms: Math.min(ms, workedMs()) }
  let last = performance.now()
  const watch = setInterval(() => {
    ms = Math.max(ms, performance.now() - last - 1)
    last = performance.now()
  }, 1)
  try {
    const word = await answer
    return { word, ms: Math.min(Math.max(ms, performance.now() - last - 1), workedMs()) }
  } finally {
    clearInterval(watch)
  }
}

const peakBytes = () => process.resourceUsage().maxRSS * 1024

async function main(): Promise<void> {
  if (plan.only !== undefined) {
    await take(readFileSync(plan.only))
    return void say({ kind: 'done', runs: 1, grewBytes: 0, slowestMs })
  }
  const chance = random(plan.seed)
  const inputs = [...target.seeds(), ...readCorpus(target.name)]
  const words = new Set<string>()
  for (const input of inputs) words.add(await take(input))
  const given = inputs.length
  const before = peakBytes()
  const end = performance.now() + plan.ms
  let next = performance.now() + PROGRESS_MS
  let runs = given
  for (; performance.now() < end; runs++) {
    const from = inputs[Math.floor(chance() * inputs.length)] ?? new Uint8Array()
    const input = mutate(from, inputs, chance, target.maxBytes ?? 4096)
    const word = await take(input)
    if (peakBytes() - before > GROWTH_BYTES)
      found(`memory grew by ${Math.round((peakBytes() - before) / 2 ** 20)} MB after the corpus`)
    if (!words.has(word) && inputs.length < given + KEPT) {
      words.add(word)
      inputs.push(input)
    }
    if (performance.now() > next) {
      next += PROGRESS_MS
      say({ kind: 'progress', runs, kept: inputs.length - given })
    }
  }
  for (const [i, input] of inputs.slice(given).entries()) writeFileSync(join(plan.kept, String(i)), input)
  say({ kind: 'done', runs, grewBytes: peakBytes() - before, slowestMs })
}

await main()
// A timer or socket that an input left behind must not keep the process alive.
process.exit()
