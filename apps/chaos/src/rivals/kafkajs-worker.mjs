import process from 'node:process'
import { Kafka, Partitioners, logLevel } from 'kafkajs'

const plan = JSON.parse(process.argv[2])
process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGKILL'))

const kafka = new Kafka({ brokers: [plan.brokers], logLevel: logLevel.ERROR })
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
const consumer = kafka.consumer({
  groupId: plan.groupId,
  sessionTimeout: plan.sessionTimeoutMs,
  heartbeatInterval: plan.heartbeatIntervalMs,
})
process.once('SIGTERM', async () => {
  await consumer.disconnect()
  await producer.disconnect()
  process.exit(0)
})

await producer.connect()
await consumer.connect()
await consumer.subscribe({ topic: plan.input, fromBeginning: true })
await consumer.run({
  partitionsConsumedConcurrently: 6,
  async eachMessage({ partition, message }) {
    await producer.send({
      topic: plan.output,
      messages: [{ key: message.key, value: `${partition}/${message.offset}` }],
    })
  },
})
