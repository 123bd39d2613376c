import process from 'node:process'
import { composeDown, composeUp } from './compose.mjs'
import { freePorts } from '../process/free-port.mjs'
import { kafkaAnswers } from './kafka-answers.mjs'
import { KAFKA_VERSION, startKafka } from './kafka-broker.mjs'
import { kafkaMeans } from './local-kafka.mjs'

/**
 * A broker for one run of the tests: the one at KAFKA_BROKERS, or else a new one on a free port, which `stop` stops. `env`:
 * the variables for the tests. `missing`: why no broker can run.
 */
export async function testKafka({ log, signal }) {
  const given = process.env.KAFKA_BROKERS
  if (given) {
    if (!(await answers(given))) throw new Error(`no Kafka broker answers at ${given} (from KAFKA_BROKERS)`)
    log(`integration tests run against Kafka at ${given} (KAFKA_BROKERS)`)
    return { env: { SNAPSTREAM_INTEGRATION: '1' }, stop: async () => {} }
  }
  const { means, missing } = await kafkaMeans()
  if (!means) return { env: {}, missing, stop: async () => {} }
  const { brokers, stop } = means === 'java' ? await startKafka({ log, signal }) : await startWithCompose()
  log(`integration tests run against Kafka ${KAFKA_VERSION} at ${brokers} (${means})`)
  return { env: { SNAPSTREAM_TEST_BROKERS: brokers, SNAPSTREAM_INTEGRATION: `kafka-${KAFKA_VERSION}` }, stop }
}

async function answers(addresses) {
  const all = await Promise.all(addresses.split(',').map((address) => kafkaAnswers(address.trim(), 5000)))
  return all.some(Boolean)
}

async function startWithCompose() {
  const [port] = await freePorts(1)
  const project = `snapstream-test-${process.pid}`
  await composeUp(project, port, KAFKA_VERSION)
  return { brokers: `localhost:${port}`, stop: () => composeDown(project) }
}
