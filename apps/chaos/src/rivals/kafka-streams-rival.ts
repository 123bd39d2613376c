import { fileURLToPath } from 'node:url'
import { javaProgram } from '@snapstream/services'
import type { Rival } from './rival.ts'

const VERSION = '4.1.0'
const PROGRAM = {
  name: `rivals/kafka-streams-${VERSION}`,
  source: fileURLToPath(new URL('KafkaStreamsWorker.java', import.meta.url)),
  dependencies: [
    `org.apache.kafka:kafka-streams:${VERSION}`,
    'com.fasterxml.jackson.core:jackson-databind:2.16.2',
    'org.slf4j:slf4j-simple:1.7.36',
  ],
  flags: ['-Xmx512m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'],
}

const kafkaStreams = (name: string, commits: string, ...settings: readonly string[]): Rival => ({
  name,
  about: `Kafka Streams ${VERSION} (Java): at least once, one thread, ${commits}`,
  says: 'place',
  command: async (log) => [...(await javaProgram(PROGRAM, log)), ...settings],
})

export const kafkaStreamsRivals: readonly Rival[] = [
  kafkaStreams('kafka-streams', 'commits every second', '1000'),
  kafkaStreams('kafka-streams-30s', 'commits every 30 s (its default)'),
]
