import process from 'node:process'

/**
 * Runs steps one after the other, also after one has failed. A step is `{ name, run, needs? }`: `needs` is the name of an
 * earlier step without which it cannot run, and `run` resolves with `{ ok, note?, output? }`. Prints one line for each step,
 * and the output of a failed one; with `announce` also a line before each step. Resolves with the counts.
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

/** The time since `started`, as minutes and seconds. */
function elapsed(started) {
  const seconds = Math.round((Date.now() - started) / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** The result of a step that runs a program: good if its exit code is 0. */
export const judged = async (running) => {
  const { code, output, stdout } = await running
  return { ok: code === 0, output, stdout }
}

/** Exit code 1 if a step failed, unless a signal has set another. */
export function setExitCode({ failed }) {
  process.exitCode ??= failed > 0 ? 1 : 0
}
