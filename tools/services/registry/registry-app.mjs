import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { downloadOnce } from '../process/download-once.mjs'
import { mustRun } from '../process/run.mjs'
import { which } from '../process/which.mjs'
import { at } from '../root.mjs'

/** Apicurio Registry, which has the interface of Confluent's registry; the last line of versions for Java 17. */
const REGISTRY_VERSION = '2.6.13.Final'

/** The file for `java -jar`, in the folder of the registry. */
export const REGISTRY_JAR = `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`

const APP = at('.cache', `apicurio-${REGISTRY_VERSION}`, 'app')
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy'

/** The folder of the registry, or undefined if it was not downloaded yet. */
export function cachedRegistryApp() {
  return existsSync(APP) ? APP : undefined
}

/** The folder of the registry. The first call downloads it with Maven; several processes may call it at once. */
export async function registryApp(log = console.error) {
  if (existsSync(APP)) return APP
  const mvn = which('mvn')
  if (!mvn) throw new Error('Maven (mvn) is not on PATH; it is needed once, to download the schema registry')
  log(`downloading Apicurio Registry ${REGISTRY_VERSION} with Maven (about 142 MB, once)`)
  const artifact = `io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`
  await downloadOnce(APP, async (app) => {
    await mustRun(mvn, ['-q', '-B', '-ntp', COPY, '-DoutputDirectory=.', `-Dartifact=${artifact}`], { cwd: app })
    const archive = readdirSync(app).find((file) => file.endsWith('.tar.gz'))
    await mustRun('tar', ['xzf', archive], { cwd: app })
    rmSync(join(app, archive))
  })
  return APP
}
