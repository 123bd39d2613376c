import process from 'node:process'
import { run } from '../services/process/run.mjs'
import { freePorts } from '../services/process/free-port.mjs'

const EXPECTED = [
  ...[0, 1, 2, 3, 4].map((n) => `Hello ${n}`),
  ...['🏆', '📞', '🐟', '👌', '🎉'].map((emoji) => `Look at this emoji: ${emoji}`),
]

/** `npm run demo`, without a broker. */
export async function demo() {
  return runDemo([])
}

/** `npm run demo` on the broker of `npm run kafka`, twice, as the topics of an earlier run must not change the output. */
export async function demoOnKafka(signal) {
  const [port] = await freePorts(1)
  const env = { ...process.env, SNAPSTREAM_KAFKA_PORT: String(port) }
  const kafka = (...args) => run('npm', ['run', 'kafka', ...args], { capture: 'tee', env })
  try {
    if ((await kafka()).code !== 0) return { ok: false }
    const first = await runDemo(['--kafka', `localhost:${port}`])
    // Awaited here, as `finally` stops the broker.
    return first.ok && !signal.aborted ? await runDemo(['--kafka', `localhost:${port}`]) : first
  } finally {
    await kafka('--', 'stop')
  }
}

async function runDemo(args) {
  const { code, stdout } = await run('npm', ['run', '--silent', 'demo', '--', ...args], {
    capture: 'tee',
    timeoutMs: 120_000,
  })
  if (code !== 0) return { ok: false, output: `the demo ended with ${code}` }
  const lines = stdout.split('\n').filter((line) => EXPECTED.includes(line))
  const same = lines.join('\n') === EXPECTED.join('\n')
  return { ok: same, output: `expected these lines, in this order:\n${EXPECTED.join('\n')}` }
}
