import process from 'node:process'
import { findJava } from '../java.mjs'
import { which } from '../process/which.mjs'
import { cachedRegistryApp } from './registry-app.mjs'
import { registryAnswers, startRegistry } from './registry.mjs'

/** What this machine lacks to run a schema registry, or undefined. */
export async function missingForRegistry() {
  if (!(await findJava())) return 'Java 17 or newer'
  return cachedRegistryApp() || which('mvn') ? undefined : 'Maven'
}

/**
 * A schema registry for one run of the tests: the one at SCHEMA_REGISTRY_URL, or else a new one on a free port, which `stop`
 * stops. `env`: the variables for the tests. `missing`: why no registry can run.
 */
export async function testRegistry({ log, signal }) {
  const given = process.env.SCHEMA_REGISTRY_URL
  if (given) {
    if (!(await registryAnswers(given, 5000)))
      throw new Error(`no schema registry answers at ${given} (from SCHEMA_REGISTRY_URL)`)
    log(`tests of the schema registry run against ${given} (SCHEMA_REGISTRY_URL)`)
    return { env: { SNAPSTREAM_REGISTRY: 'given' }, stop: async () => {} }
  }
  const missing = await missingForRegistry()
  if (missing) return { env: {}, missing: `${missing} is not here`, stop: async () => {} }
  const { url, stop } = await startRegistry({ log, signal })
  log(`tests of the schema registry run against the one at ${url}`)
  return { env: { SNAPSTREAM_TEST_REGISTRY: url, SNAPSTREAM_REGISTRY: 'started' }, stop }
}
