import { kafkats } from '@snapstream/kafkats'
import * as byTopic from '../../kafka/by-topic.ts'
import type { Shape } from '../../kafka/message.ts'
import { outputTrial } from '../../kafka/output-trial.ts'
import type { Output } from '../../kafka/output-trial.ts'
import { topicLoad } from '../../kafka/topic-load.ts'
import type { Load } from '../../kafka/topic-load.ts'
import type { Arena } from '../../harness/arena.ts'
import type { Case, OwnContestant } from '../../suite.ts'

/** The pipeline over another topic. */
const contestant = (name: string, shape: (arena: Arena) => Pick<Shape, 'records'> & Partial<Shape>): OwnContestant => ({
  name: `Topic over kafkats, ${name}`,
  input: (arena) => topicLoad(arena, shape(arena)),
  run: (input: Load & Output) => byTopic.pipeline(input, kafkats()),
})

const shared = {
  ratios: [],
  maxRounds: 3,
  begin: (load: Load, arena: Arena) => outputTrial(load, 'messages', arena),
}

export const partitions: Case = {
  ...shared,
  name: 'partitions',
  about: 'JSON from topic to topic by one process, over an increasing number of partitions',
  contestants: [1, 4, 16, 64].map((partitions) =>
    contestant(`${partitions} partition${partitions === 1 ? '' : 's'}`, ({ count }) => ({
      records: count(200_000, 2_000_000),
      partitions,
    })),
  ),
  columns: ['rate', 'cpuPerMillion', 'peakBytes'],
}

const SIZES = [
  ['50 B', 50, 200_000, 2_000_000],
  ['1 kB', 1000, 50_000, 500_000],
  ['10 kB', 10_000, 10_000, 60_000],
  ['50 kB', 50_000, 2000, 12_000],
] as const

export const sizes: Case = {
  ...shared,
  name: 'sizes',
  about: 'JSON from topic to topic by one process, with records of increasing size',
  contestants: SIZES.map(([name, valueBytes, quick, full]) =>
    contestant(name, ({ count }) => ({ records: count(quick, full), valueBytes })),
  ),
  columns: ['rate', 'mbPerSecond', 'cpuPerMillion', 'peakBytes'],
}
