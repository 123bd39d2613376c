import process from 'node:process'
import { createCountingApp } from './counting-app.ts'
import type { WorkerPlan } from './process-worker.ts'
import { watchPartitions } from './worker.ts'
import type { WorkerEvent } from './worker.ts'

// The program of a worker in a process of its own. It reports to standard output, one event in JSON a line.

const { names, folder, brokers } = JSON.parse(process.argv[2] ?? '{}') as WorkerPlan
const app = createCountingApp(names, folder, { brokers, exactlyOnce: true, sessionTimeoutMs: 6000 })
watchPartitions(app, (event: WorkerEvent) => void process.stdout.write(`${JSON.stringify(event)}\n`))

const ending = new AbortController()
process.once('SIGTERM', () => ending.abort())
// Ends with the process that started it.
process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGKILL'))
process.stdin.unref()

await app.stream({}, { signal: ending.signal })
