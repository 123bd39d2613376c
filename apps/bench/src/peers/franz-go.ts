import { fileURLToPath } from 'node:url'
import { goProgram } from '@snapstream/services'
import { LINGER_MS } from '../kafka/settings.ts'
import type { ProgramContestant } from '../suite.ts'
import { peerVersions } from './peer-versions.ts'

const PROGRAM = {
  name: `bench/franz-go-${peerVersions['franz-go']}`,
  source: fileURLToPath(new URL('../programs/franz-go', import.meta.url)),
}
const SETTINGS = {
  at_least_once: 'reads on while records are sent, and marks the records of a poll when they are acknowledged',
  exactly_once: 'polls into a transaction for 100 ms, then ends it',
}

/** The reason why a pipeline of Node is slower, for the report. */
export const COMPILED = '[a profile](../../docs/decisions/what-bounds-a-pipeline.md)'

/** A pipeline in Go, by hand. `exactly_once`: with a GroupTransactSession. */
export function franzGo(guarantee: keyof typeof SETTINGS): Pick<ProgramContestant, 'command' | 'settings'> {
  return {
    settings: `a goroutine for each partition of a poll, linger ${LINGER_MS} ms, goccy/go-json; ${SETTINGS[guarantee]}`,
    command: async (log) => [...(await goProgram(PROGRAM, log)), guarantee],
  }
}
