import { createApp } from '@snapstream/core'
import { filter, map } from '@snapstream/operators'
import type { Case } from '../../suite.ts'
import { batchedSource } from './batched.ts'
import { coreContestant, coreTrial } from './contestant.ts'
import type { CoreInput } from './contestant.ts'
import type { Runner } from './works.ts'

/** The most that an operator without state may add to the time of a message, in ns. */
const OPERATOR_NS = 150

const handlerAlone: Runner = async (count, { handler, sink }) => {
  const app = createApp()
  app.snap(batchedSource(count), { sink: [sink] })(handler)
  await app.stream()
}

const mapped: Runner = async (count, { handler, sink }) => {
  const app = createApp()
  app.snap(map(batchedSource(count), handler), { sink: [sink] })((n) => n)
  await app.stream()
}

const filtered: Runner = async (count, { handler, sink }) => {
  const app = createApp()
  app.snap(
    filter(batchedSource(count), (n) => n >= 0),
    { sink: [sink] },
  )(handler)
  await app.stream()
}

const HANDLER = 'handler'
const OPERATORS = ['map', 'filter'] as const

export const operators: Case = {
  name: 'operators',
  about: 'A source that yields batches of numbers: a handler alone, and one behind an operator without state',
  contestants: [
    coreContestant({ name: HANDLER, prepare: () => handlerAlone }, false),
    coreContestant({ name: OPERATORS[0], prepare: () => mapped }, false),
    coreContestant({ name: OPERATORS[1], prepare: () => filtered }, false),
  ],
  ratios: OPERATORS.map((of) => ({
    of,
    to: HANDLER,
    isDifference: true,
    figure: 'nsPerMessage',
    atMost: OPERATOR_NS,
  })),
  columns: ['nsPerMessage', 'rate', 'cpuPerMillion', 'peakBytes'],
  input: (arena): CoreInput => ({ messages: arena.count(4_000_000, 20_000_000) }),
  begin: (input: CoreInput) => coreTrial(input, false),
}
