import process from 'node:process'
import { run } from '../lib/run.mjs'
import { which } from '../services/java.mjs'
import { kafkaMeans } from '../services/local-kafka.mjs'

/** The integration tests must run here: what a broker needs is installed where that is possible, else it is a failure. */
export async function prerequisites() {
  const found = await kafkaMeans()
  if (found.means) return { ok: true, note: `Kafka runs with ${found.means}` }
  if (process.getuid?.() !== 0 || !which('apt-get')) return { ok: false, output: `no Kafka: ${found.missing}` }
  console.log('installing Java and Maven with apt-get')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const packages = ['install', '--yes', '--no-install-recommends', 'default-jre-headless', 'maven']
  for (const args of [['update'], packages]) {
    const { code, output } = await run('apt-get', args, { capture: true, env })
    if (code !== 0) return { ok: false, output }
  }
  const { means, missing } = await kafkaMeans()
  return { ok: means !== undefined, note: means && `Kafka runs with ${means}`, output: missing }
}
