import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { adopt } from '../lib/adopt.mjs'
import { at } from '../lib/root.mjs'
import { run } from '../lib/run.mjs'
import { which } from './java.mjs'

/** Apicurio Registry, which speaks the interface of Confluent's; the last line of versions that Java 17 runs. */
const REGISTRY_VERSION = '2.6.13.Final'

/** What `java -jar` runs, in the folder of the registry. */
export const REGISTRY_JAR = `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`

const FOLDER = at('.cache', `apicurio-${REGISTRY_VERSION}`)
const APP = join(FOLDER, 'app')
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy'

/** The folder the registry is in, or undefined if it was not downloaded yet. */
export function cachedRegistryApp() {
  return existsSync(APP) ? APP : undefined
}

/**
 * The folder with the registry, downloaded with Maven at the first call. Several processes may call it at once: each
 * downloads to a folder of its own, which then gets its name in one step.
 */
export async function registryApp(log = console.error) {
  if (existsSync(APP)) return APP
  const mvn = which('mvn')
  if (!mvn) throw new Error('Maven (mvn) is not on PATH; it is needed once, to download the schema registry')
  log(`downloading Apicurio Registry ${REGISTRY_VERSION} with Maven (about 142 MB, once)`)
  mkdirSync(FOLDER, { recursive: true })
  const work = mkdtempSync(join(FOLDER, 'download-'))
  try {
    const artifact = `io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`
    await must(mvn, ['-q', '-B', '-ntp', COPY, '-DoutputDirectory=.', `-Dartifact=${artifact}`], work)
    mkdirSync(join(work, 'app'))
    const archive = readdirSync(work).find((file) => file.endsWith('.tar.gz'))
    await must('tar', ['xzf', archive, '-C', 'app'], work)
    adopt(join(work, 'app'), APP)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return APP
}

async function must(command, args, cwd) {
  const { code, output } = await run(command, args, { cwd, capture: true, shell: process.platform === 'win32' })
  if (code !== 0) throw new Error(`${command} could not get the schema registry (it ended with ${code}):\n${output}`)
}
