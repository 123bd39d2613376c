import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { downloadOnce } from '../process/download-once.mjs'
import { mustRun } from '../process/run.mjs'
import { which } from '../process/which.mjs'
import { at } from '../root.mjs'

const libsOf = (version) => at('.cache', `kafka-${version}`, 'libs')

/** The folder of the jars of a Kafka version, or undefined if they were not downloaded yet. */
export function cachedKafkaJars(version) {
  const libs = libsOf(version)
  return existsSync(libs) ? libs : undefined
}

/**
 * The folder with the jars of a Kafka version. The first call downloads them with Maven; several processes may call it at
 * once.
 */
export async function kafkaJars(version, log = console.error) {
  const cached = cachedKafkaJars(version)
  if (cached) return cached
  const mvn = which('mvn')
  if (!mvn) throw new Error('Maven (mvn) is not on PATH; it is needed once, to download Kafka')
  log(`downloading Kafka ${version} with Maven (about 45 MB, once)`)
  await downloadOnce(libsOf(version), async (libs) => {
    writeFileSync(join(libs, 'pom.xml'), pom(version))
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=.']
    await mustRun(mvn, ['-q', '-B', ...goal], { cwd: libs })
  })
  return libsOf(version)
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
