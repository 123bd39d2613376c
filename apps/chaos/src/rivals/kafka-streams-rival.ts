import { createHash } from 'node:crypto'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findJava } from '../../../../tools/services/java.mjs'
import { installed, must } from './installed.ts'
import type { Rival } from './rival.ts'

const VERSION = '4.1.0'
const source = fileURLToPath(new URL('KafkaStreamsWorker.java', import.meta.url))

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>snapstream</groupId><artifactId>rival</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-streams</artifactId><version>${VERSION}</version></dependency>
    <dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>2.16.2</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

/** Compiled when it is installed: a worker that takes another's place should not have to wait for that. */
async function install(log: (line: string) => void): Promise<string> {
  // Named after what it is made of: what was compiled from another source is not taken for this one.
  const made = createHash('sha256')
    .update(pom)
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 8)
  return installed(`kafka-streams-${VERSION}-${made}`, log, async (folder) => {
    await writeFile(join(folder, 'pom.xml'), pom)
    await must(
      folder,
      'mvn',
      '-q',
      '-B',
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      '-DoutputDirectory=libs',
    )
    await copyFile(source, join(folder, 'KafkaStreamsWorker.java'))
    await must(folder, 'javac', '-cp', join('libs', '*'), '-d', 'classes', 'KafkaStreamsWorker.java')
  })
}

const kafkaStreams = (name: string, commits: string, ...settings: readonly string[]): Rival => ({
  name,
  about: `Kafka Streams ${VERSION} (Java): at least once, one thread, ${commits}`,
  says: 'place',
  async command(log) {
    const java = await findJava()
    if (!java) throw new Error('Java 17 or newer is not here; it is needed to run Kafka Streams')
    const folder = await install(log)
    const path = [join(folder, 'classes'), join(folder, 'libs', '*')].join(delimiter)
    const flags = ['-Xmx512m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
    return [java, ...flags, '-cp', path, 'KafkaStreamsWorker', ...settings]
  },
})

export const kafkaStreamsRivals: readonly Rival[] = [
  kafkaStreams('kafka-streams', 'commits every second', '1000'),
  kafkaStreams('kafka-streams-30s', 'commits every 30 s, as by default'),
]
