import process from 'node:process'

/**
 * Runs steps one after the other, all of them even if one fails. A step is `{ name, run, needs? }`, with
 * the name of a step without which it makes no sense; `run` answers with `{ ok, note?, output? }`. A good step prints a line, a failed one its output too. With `announce` a line says what begins. Returns
 * the counts.
 */
export async function runSteps(steps, { signal, announce = false } = {}) {
  const started = Date.now()
  const counts = { passed: 0, failed: 0 }
  const failed = new Set()
  for (const { name, run, needs } of steps) {
    if (signal?.aborted) break
    if (announce) console.log(`\n----- ${name} (${elapsed(started)})`)
    const missing = { ok: false, note: `not run, as it needs: ${needs}` }
    const { ok, note, output = '' } = failed.has(needs) ? missing : await attempt(run)
    if (!ok) failed.add(name)
    counts[ok ? 'passed' : 'failed'] += 1
    if (!ok && output.trim() !== '') console.log(`\n${output.trim()}\n`)
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}${note ? `: ${note}` : ''} (${elapsed(started)})`)
  }
  return counts
}

async function attempt(run) {
  try {
    return await run()
  } catch (error) {
    return { ok: false, output: error.stack }
  }
}

/** Minutes and seconds since then. */
function elapsed(started) {
  const seconds = Math.round((Date.now() - started) / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** A step that runs a program and is judged by its exit code. */
export const judged = async (running) => {
  const { code, output, stdout } = await running
  return { ok: code === 0, output, stdout }
}

/** Exit code 1 if a step failed, unless a signal has set another. */
export function setExitCode({ failed }) {
  process.exitCode ??= failed > 0 ? 1 : 0
}
