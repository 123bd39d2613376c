import { fileURLToPath } from 'node:url'
import { kafkaStreamsProgram } from '@snapstream/services'
import { LINGER_MS } from '../kafka/settings.ts'
import type { ProgramContestant } from '../suite.ts'
import { peerVersions } from './peer-versions.ts'

const VERSION = peerVersions['kafka-streams']
const PROGRAM = {
  name: 'bench/kafka-streams-time',
  version: VERSION,
  source: fileURLToPath(new URL('../programs/TimeContestant.java', import.meta.url)),
  flags: ['-Xmx1g'],
}

const STORES = {
  windows:
    'a window store with a changelog topic and a cache of 10 MB; results when windows close, at most once a second',
  joins: 'two window stores with changelog topics',
}

/** One thread, with the default garbage collector of the JVM. */
export function kafkaStreamsTime(does: 'windows' | 'joins'): Omit<ProgramContestant, 'name'> {
  return {
    settings: `one thread, at least once, linger ${LINGER_MS} ms; ${STORES[does]}; Jackson with one reader and one writer per type`,
    command: async (log) => [...(await kafkaStreamsProgram(PROGRAM, log)), does, String(LINGER_MS)],
  }
}
