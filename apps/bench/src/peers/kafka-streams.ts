import { createHash } from 'node:crypto'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installedApart, must } from '../../../../tools/services/installed-apart.mjs'
import { findJava } from '../../../../tools/services/java.mjs'
import { LINGER_MS } from '../kafka/settings.ts'
import type { ProgramContestant } from '../suite.ts'
import { peerVersions } from './peer-versions.ts'

const source = fileURLToPath(new URL('../programs/StreamsContestant.java', import.meta.url))

const dependency = (group: string, artifact: string, version: string) =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>snapstream</groupId><artifactId>contestant</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka-streams', peerVersions['kafka-streams'])}
    ${dependency('com.fasterxml.jackson.core', 'jackson-databind', '2.16.2')}
    ${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}
  </dependencies>
</project>
`

/** Compiled when it is installed, and named after what it is made of. */
async function install(log: (line: string) => void): Promise<string> {
  const made = createHash('sha256')
    .update(pom)
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 8)
  return installedApart(`bench/kafka-streams-${peerVersions['kafka-streams']}-${made}`, log, async (folder) => {
    await writeFile(join(folder, 'pom.xml'), pom)
    const options = ['-DincludeScope=runtime', '-DoutputDirectory=libs']
    await must(folder, 'mvn', '-q', '-B', 'dependency:copy-dependencies', ...options)
    await copyFile(source, join(folder, 'StreamsContestant.java'))
    await must(folder, 'javac', '-cp', join('libs', '*'), '-d', 'classes', 'StreamsContestant.java')
  })
}

/** One thread, with the JVM's own choice of how to collect garbage. */
export function kafkaStreams(does: 'messages' | 'tallies', lingerMs = LINGER_MS): Omit<ProgramContestant, 'name'> {
  const store = does === 'tallies' ? '; RocksDB behind its cache of 10 MB, with a changelog topic' : ''
  return {
    settings: `one thread, at least once, linger ${lingerMs} ms${store}; Jackson with a reader and a writer a type`,
    async command(log) {
      const java = await findJava()
      if (!java) throw new Error('Java 17 or newer is not here')
      const folder = await install(log)
      const path = [join(folder, 'classes'), join(folder, 'libs', '*')].join(delimiter)
      const flags = ['-Xmx1g', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
      return [java, ...flags, '-cp', path, 'StreamsContestant', does, String(lingerMs)]
    },
  }
}
