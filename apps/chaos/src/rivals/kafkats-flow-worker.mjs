import { createRequire } from 'node:module'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const [, , folder, processingGuarantee, json] = process.argv
const plan = JSON.parse(json)
process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGKILL'))

// Installed apart from the workspace, which has a client of its own.
const { resolve } = createRequire(pathToFileURL(`${folder}/package.json`))
const load = (name) => import(pathToFileURL(resolve(name)).href)
const { flow, topic, codec } = (({ default: all, ...named }) => ({ ...all, ...named }))(await load('@kafkats/flow'))

const text = { key: codec.string(), value: codec.string() }
const app = flow({
  applicationId: plan.groupId,
  processingGuarantee,
  client: { clientId: 'rival', brokers: [plan.brokers] },
  consumer: {
    sessionTimeoutMs: plan.sessionTimeoutMs,
    heartbeatIntervalMs: plan.heartbeatIntervalMs,
    autoOffsetReset: 'earliest',
    groupInstanceId: plan.groupInstanceId,
  },
})
app
  .stream(topic(plan.input, text))
  .mapValues((value) => value)
  .to(plan.output, text)
process.once('SIGTERM', async () => {
  await app.close()
  process.exit(0)
})
await app.start()
