import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createApp } from '@snapstream/core'
import { loadPeer } from '../../peers/npm-peer.ts'
import type { Case } from '../../suite.ts'
import { coreContestant, coreTrial } from './contestant.ts'
import type { CoreInput } from './contestant.ts'
import { numbers } from './works.ts'
import type { Handler, Runner } from './works.ts'

const loop: Runner = async (count, { handler, sink }) => {
  for (const n of numbers(count)) sink(handler(n))
}

const snapstream: Runner = async (count, { handler, sink }) => {
  const app = createApp()
  app.snap(numbers(count), { sink: [sink] })(handler)
  await app.stream()
}

/** A stream with an error policy, a context for the handler, and checkpoints, as in practice. */
const withPolicy: Runner = async (count, { handler, sink }) => {
  const app = createApp<{ unit: number }>()
  const onError = { retries: 2, deadLetter: () => {} }
  app.snap(numbers(count), { sink: [sink], onError })((n, { unit }) => handler(n) * unit)
  await app.stream({ unit: 1 }, { checkpointMs: 100 })
}

interface Rxjs {
  from(values: Iterable<number> | AsyncIterable<number>): { pipe(...steps: unknown[]): Subscribable }
  map(f: Handler): unknown
}
interface Subscribable {
  subscribe(observer: { next: (n: number) => void; complete: () => void; error: (error: unknown) => void }): void
}

/** Over whatever makes the numbers. */
export async function rxjs(make: (count: number) => Iterable<number> | AsyncIterable<number>): Promise<Runner> {
  const { from, map } = await loadPeer<Rxjs>('rxjs')
  return (count, { handler, sink }) =>
    new Promise((resolve, reject) => {
      from(make(count)).pipe(map(handler)).subscribe({ next: sink, complete: resolve, error: reject })
    })
}

interface IxIterable {
  from(values: Iterable<number>): { pipe(step: unknown): { forEach(f: (n: number) => void): void } }
}

async function ix(): Promise<Runner> {
  const { from } = await loadPeer<IxIterable>('ix', 'ix/iterable')
  const { map } = await loadPeer<{ map(f: Handler): unknown }>('ix', 'ix/iterable/operators')
  return async (count, { handler, sink }) => from(numbers(count)).pipe(map(handler)).forEach(sink)
}

export const nodeStreams =
  (make: (count: number) => Iterable<number> | AsyncIterable<number>): Runner =>
  async (count, { handler, sink }) => {
    const write = (n: number, _: string, next: () => void) => {
      sink(handler(n))
      next()
    }
    await pipeline(Readable.from(make(count)), new Writable({ objectMode: true, write }))
  }

function syncCase(name: string, about: string, busy: boolean): Case {
  return {
    name,
    about,
    contestants: [
      coreContestant({ name: 'loop', prepare: () => loop }, busy),
      coreContestant({ name: 'snapstream', prepare: () => snapstream }, busy),
      coreContestant(
        {
          name: 'snapstream, all on',
          settings: 'error policy with a dead letter, context, a checkpoint every 100 ms',
          prepare: () => withPolicy,
        },
        busy,
      ),
      coreContestant({ name: 'rxjs', peer: 'rxjs', prepare: () => rxjs(numbers) }, busy),
      coreContestant({ name: 'ix', peer: 'ix', prepare: ix }, busy),
      coreContestant(
        {
          name: 'Node streams',
          settings: 'Readable.from into a Writable of objects',
          prepare: () => nodeStreams(numbers),
        },
        busy,
      ),
    ],
    ratios: [
      { of: 'snapstream', to: 'rxjs', atLeast: 1 },
      { of: 'snapstream, all on', to: 'rxjs', atLeast: 1 },
      { of: 'snapstream', to: 'loop' },
    ],
    input: (arena): CoreInput => ({ messages: arena.count(4_000_000, 20_000_000) }),
    begin: (input: CoreInput) => coreTrial(input, busy),
  }
}

export const sync = syncCase('sync', 'A generator of numbers, one synchronous handler, and a function as sink', false)
export const busySync = syncCase(
  'sync-busy',
  'The same with four handlers and four sinks, which run one after another in one process',
  true,
)
