import { fileURLToPath } from 'node:url'
import { javaProgram } from '@snapstream/services'
import { LINGER_MS } from '../kafka/settings.ts'
import type { ProgramContestant } from '../suite.ts'
import { peerVersions } from './peer-versions.ts'

const VERSION = peerVersions['kafka-streams']
const PROGRAM = {
  name: `bench/kafka-streams-${VERSION}`,
  source: fileURLToPath(new URL('../programs/StreamsContestant.java', import.meta.url)),
  dependencies: [
    `org.apache.kafka:kafka-streams:${VERSION}`,
    'com.fasterxml.jackson.core:jackson-databind:2.16.2',
    'org.slf4j:slf4j-simple:1.7.36',
  ],
  flags: ['-Xmx1g', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'],
}

/** One thread, with the default garbage collector of the JVM. */
export function kafkaStreams(does: 'messages' | 'tallies', lingerMs = LINGER_MS): Omit<ProgramContestant, 'name'> {
  const store = does === 'tallies' ? '; RocksDB behind its cache of 10 MB, with a changelog topic' : ''
  return {
    settings: `one thread, at least once, linger ${lingerMs} ms${store}; Jackson with a reader and a writer a type`,
    command: async (log) => [...(await javaProgram(PROGRAM, log)), does, String(lingerMs)],
  }
}
