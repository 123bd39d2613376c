import { spawn } from 'node:child_process'
import process from 'node:process'
import { kafkats } from '@snapstream/kafkats'
import * as byTopic from '../../kafka/by-topic.ts'
import { outputTrial } from '../../kafka/output-trial.ts'
import type { Output } from '../../kafka/output-trial.ts'
import { topicLoad } from '../../kafka/topic-load.ts'
import type { Load } from '../../kafka/topic-load.ts'
import type { Case, OwnContestant } from '../../suite.ts'

interface Input extends Load, Output {
  /** The number of further processes; each starts the next one. */
  readonly more?: number
}

function contestant(count: number): OwnContestant {
  return {
    name: `Topic over kafkats, ${count} process${count === 1 ? '' : 'es'}`,
    input: () => ({ more: count - 1 }),
    async run({ more = 0, ...input }: Input) {
      // It ends with its stdin, which ends with this process.
      if (more > 0) startAnother({ ...input, more: more - 1 })
      await byTopic.pipeline(input, kafkats())
    },
  }
}

function startAnother(input: Input): void {
  const args = process.argv.slice(1, -1)
  spawn(process.execPath, [...process.execArgv, ...args, JSON.stringify(input)], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
}

const one = 'Topic over kafkats, 1 process'

export const processes: Case = {
  name: 'processes',
  about:
    'JSON from topic to topic by the members of one group, over 8 partitions. Only the second half counts: by then all members have joined. They share the machine with the broker',
  contestants: [1, 2, 4].map(contestant),
  ratios: [2, 4].map((count) => ({ of: `Topic over kafkats, ${count} processes`, to: one, figure: 'steadyRate' })),
  columns: ['steadyRate', 'rate', 'cpuPerMillion', 'peakBytes'],
  input: (arena) => topicLoad(arena, { records: arena.count(400_000, 4_000_000), partitions: 8 }),
  begin: (load: Load, arena) => outputTrial(load, 'messages', arena),
}
