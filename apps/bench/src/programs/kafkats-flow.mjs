import { createRequire } from 'node:module'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const [, , folder, json] = process.argv
const plan = JSON.parse(json)
process.stdin.resume().once('end', () => process.exit())

// Installed apart from the workspace, which has a client of its own.
const { resolve } = createRequire(pathToFileURL(`${folder}/package.json`))
const load = (name) => import(pathToFileURL(resolve(name)).href)
const { flow, topic, codec } = (({ default: all, ...named }) => ({ ...all, ...named }))(await load('@kafkats/flow'))

const codecs = { key: codec.string(), value: codec.json() }
const app = flow({
  applicationId: plan.groupId,
  client: { clientId: 'bench', brokers: [plan.brokers] },
  consumer: { autoOffsetReset: 'earliest', maxRecords: 4000 },
  producer: { lingerMs: 5, acks: 'all' },
  runEach: { partitionConcurrency: plan.partitions, autoCommitIntervalMs: 1000 },
})
app
  .stream(topic(plan.topic, codecs))
  .mapValues(({ id, text }) => ({ id, text: text.toUpperCase() }))
  .to(plan.output, codecs)
await app.start()
