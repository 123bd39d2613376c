import process from 'node:process'
import { run } from '../services/process/run.mjs'
import { which } from '../services/process/which.mjs'
import { cachedKafkaJars } from '../services/kafka/kafka-jars.mjs'
import { kafkaMeans } from '../services/kafka/local-kafka.mjs'
import { missingClients } from '../services/clients/other-clients.mjs'
import { missingForRegistry } from '../services/registry/registry-for-tests.mjs'
import { OLDER_KAFKA } from './older-kafka.mjs'

const APT_PACKAGES = ['default-jdk-headless', 'maven', 'python3', 'python3-venv']

/**
 * Checks that this machine can run the integration tests. Installs what brokers and clients of other languages need if it
 * can, and fails otherwise.
 */
export async function prerequisites() {
  const found = await look()
  if (found.missing.length === 0) return { ok: true, note: found.note }
  if (process.getuid?.() !== 0 || !which('apt-get')) return { ok: false, output: found.missing.join('\n') }
  console.log(`installing ${APT_PACKAGES.join(', ')} with apt-get`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...APT_PACKAGES]]) {
    const { code, output } = await run('apt-get', args, { capture: true, env })
    if (code !== 0) return { ok: false, output }
  }
  const { missing, note } = await look()
  return { ok: missing.length === 0, note, output: missing.join('\n') }
}

async function look() {
  const { means, missing: broker } = await kafkaMeans()
  const clients = await missingClients()
  const missing = Object.entries(clients).map(
    ([client, what]) => `the ${client} client needs ${what}, which is not here`,
  )
  if (!means) missing.push(`no Kafka: ${broker}`)
  else if (means === 'java' && !cachedKafkaJars(OLDER_KAFKA) && !which('mvn'))
    missing.push(`no Kafka ${OLDER_KAFKA}: Maven is not here`)
  const registry = await missingForRegistry()
  if (registry) missing.push(`no schema registry: ${registry} is not here`)
  return { missing, note: `Kafka runs with ${means}, and there are a JDK and Python for other clients` }
}
