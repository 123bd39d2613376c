import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { ProgramContestant } from '../suite.ts'
import { installPeer } from './npm-peer.ts'

const program = fileURLToPath(new URL('../programs/kafkats-flow.mjs', import.meta.url))

export const kafkatsFlow: Pick<ProgramContestant, 'command' | 'settings'> = {
  settings: 'all partitions at once, up to 4000 records per poll, linger 5 ms',
  command: async (log) => [process.execPath, program, await installPeer('@kafkats/flow', log)],
}
