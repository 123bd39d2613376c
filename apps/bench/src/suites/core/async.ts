import { createApp } from '@snapstream/core'
import { loadPeer } from '../../peers/npm-peer.ts'
import type { Case } from '../../suite.ts'
import { coreContestant, coreTrial } from './contestant.ts'
import type { CoreInput } from './contestant.ts'
import { nodeStreams, rxjs } from './sync.ts'
import { numbersLater } from './works.ts'
import type { Handler, Runner } from './works.ts'

const loop: Runner = async (count, { handler, sink }) => {
  for await (const n of numbersLater(count)) sink(handler(n))
}

const snapstream: Runner = async (count, { handler, sink }) => {
  const app = createApp()
  app.snap(numbersLater(count), { sink: [sink] })(handler)
  await app.stream()
}

interface IxAsync {
  from(values: AsyncIterable<number>): { pipe(step: unknown): { forEach(f: (n: number) => void): Promise<void> } }
}

async function ix(): Promise<Runner> {
  const { from } = await loadPeer<IxAsync>('ix', 'ix/asynciterable')
  const { map } = await loadPeer<{ map(f: Handler): unknown }>('ix', 'ix/asynciterable/operators')
  return (count, { handler, sink }) => from(numbersLater(count)).pipe(map(handler)).forEach(sink)
}

export const later: Case = {
  name: 'async',
  about: 'An async generator of numbers, a synchronous handler, and a function as sink',
  contestants: [
    coreContestant({ name: 'for await', prepare: () => loop }, false),
    coreContestant({ name: 'snapstream', prepare: () => snapstream }, false),
    coreContestant({ name: 'rxjs', peer: 'rxjs', prepare: () => rxjs(numbersLater) }, false),
    coreContestant({ name: 'ix', peer: 'ix', prepare: ix }, false),
    coreContestant({ name: 'Node streams', prepare: () => nodeStreams(numbersLater) }, false),
  ],
  ratios: [
    { of: 'snapstream', to: 'for await', atLeast: 0.95 },
    { of: 'snapstream', to: 'rxjs' },
  ],
  input: (arena): CoreInput => ({ messages: arena.count(1_000_000, 5_000_000) }),
  begin: (input: CoreInput) => coreTrial(input, false),
}
