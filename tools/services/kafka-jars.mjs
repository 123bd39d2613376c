import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { adopt } from '../lib/adopt.mjs'
import { at } from '../lib/root.mjs'
import { run } from '../lib/run.mjs'
import { which } from './java.mjs'

const folderOf = (version) => at('.cache', `kafka-${version}`)

/** The folder the jars of a Kafka version are in, or undefined if they were not downloaded yet. */
export function cachedKafkaJars(version) {
  const libs = join(folderOf(version), 'libs')
  return existsSync(libs) ? libs : undefined
}

/**
 * The folder with the jars of a Kafka version, downloaded with Maven at the first call. Several processes may call it
 * at once: each downloads to a folder of its own, which then gets its name in one step.
 */
export async function kafkaJars(version, log = console.error) {
  const cached = cachedKafkaJars(version)
  if (cached) return cached
  const mvn = which('mvn')
  if (!mvn) throw new Error('Maven (mvn) is not on PATH; it is needed once, to download Kafka')
  log(`downloading Kafka ${version} with Maven (about 45 MB, once)`)
  const folder = folderOf(version)
  mkdirSync(folder, { recursive: true })
  const work = mkdtempSync(join(folder, 'download-'))
  try {
    writeFileSync(join(work, 'pom.xml'), pom(version))
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=libs']
    const options = { cwd: work, capture: true, shell: process.platform === 'win32' }
    const { code, output } = await run(mvn, ['-q', '-B', ...goal], options)
    if (code !== 0) throw new Error(`Maven could not download Kafka ${version} (it ended with ${code}):\n${output}`)
    adopt(join(work, 'libs'), join(folder, 'libs'))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return join(folder, 'libs')
}

function pom(version) {
  const logger = version.startsWith('3.') ? 'slf4j-reload4j' : 'slf4j-simple'
  const dependency = (group, artifact, of) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${of}</version></dependency>`
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>snapstream</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', version)}
    ${dependency('org.slf4j', logger, '1.7.36')}
  </dependencies>
</project>
`
}
