import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { freePorts } from '../process/free-port.mjs'
import { findJava } from '../java.mjs'
import { launch } from '../process/launch.mjs'
import { REGISTRY_JAR, registryApp } from './registry-app.mjs'
import { runningService } from '../process/running-service.mjs'

/** The path of the interface of Confluent's registry. */
const PATH = '/apis/ccompat/v7'
const HOST = '127.0.0.1'

/**
 * Starts a schema registry with Java, by default on a free port. It keeps schemas in memory. Resolves when it serves
 * requests. The types are in index.d.mts.
 */
export async function startRegistry(options = {}) {
  const { timeoutMs = 120_000, detached = false, signal } = options
  const java = await findJava()
  if (!java) throw new Error('the schema registry needs Java 17 or newer: install one (or set JAVA_HOME)')
  const app = await registryApp(options.log)
  signal?.throwIfAborted()

  const [port] = options.port === undefined ? await freePorts(1) : [options.port]
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'snapstream-registry-'))
  mkdirSync(folder, { recursive: true })
  const url = `http://${HOST}:${port}${PATH}`
  const flags = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const start = () =>
    launch({
      what: `the schema registry at ${url}`,
      command: java,
      args: [...flags, '-jar', join(app, REGISTRY_JAR)],
      env: {
        ...process.env,
        // Schemas that differ in the layout of their JSON get the same id.
        REGISTRY_CCOMPAT_USE_CANONICAL_HASH: 'true',
        QUARKUS_HTTP_HOST: HOST,
        QUARKUS_HTTP_PORT: String(port),
      },
      folder,
      logFile: join(folder, 'registry.log'),
      answers: () => registryAnswers(url),
      timeoutMs,
      detached,
      signal,
    })
  const service = await runningService({ what: `the schema registry at ${url}`, folder, start })
  return Object.assign(service, { url })
}

/** Whether a registry serves requests at this address. */
export async function registryAnswers(url, withinMs = 5000) {
  try {
    const answer = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(withinMs) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}
