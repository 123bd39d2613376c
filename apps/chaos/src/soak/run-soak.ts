import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { heapTrend } from './heap-trend.ts'
import type { SoakPlan, SoakReport } from './soak-plan.ts'
import { soakProblems } from './soak-verdict.ts'

const program = fileURLToPath(new URL('soak-process.ts', import.meta.url))
const ENDS_WITHIN_MS = 10_000

/** Runs a soak in a child process with the loader and the conditions of this one. Resolves with the line of the report. */
export async function runSoak(plan: SoakPlan, signal: AbortSignal): Promise<{ ok: boolean; line: string }> {
  const args = [...process.execArgv, program, JSON.stringify(plan)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], signal, killSignal: 'SIGKILL' })
  let text = ''
  let killing: NodeJS.Timeout | undefined
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    // The report is complete.
    if (text.endsWith('\n')) killing ??= setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(killing)
  if (!text.endsWith('\n')) throw new Error(`the process with ${plan.driver} ended with ${code} before it was done`)

  const { samples, handled, ms, leftovers } = JSON.parse(text) as SoakReport
  const trend = heapTrend(samples)
  const problems = soakProblems({ ...trend, messages: plan.messages, handled, leftovers, ended: code === 0 })
  const figures = [
    plan.driver.padEnd(8),
    `${plan.messages} messages`,
    `${Math.round((handled / ms) * 1000)}/s`,
    `heap ${(trend.meanBytes / 2 ** 20).toFixed(1)} MiB`,
    `${trend.bytesPer1000.toFixed(1)} (± ${trend.errorPer1000.toFixed(1)}) bytes in 1000 messages`,
    `${(trend.growth * 100).toFixed(2)} % in all`,
    problems.length === 0 ? 'ok' : `BROKEN: ${problems.join('; ')}`,
  ]
  return { ok: problems.length === 0, line: figures.join('  ') }
}
