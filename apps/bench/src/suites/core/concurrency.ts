import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '@snapstream/core'
import type { Source } from '@snapstream/core'
import { installPeer, loadPeer } from '../../peers/npm-peer.ts'
import type { Case, OwnContestant, Outcome } from '../../suite.ts'
import { batchedSource } from './batched.ts'
import { expectChecksum } from './contestant.ts'
import { numbers } from './works.ts'

const CONCURRENCY = 64
const KEYS = 1024
const HANDLER_MS = 5
/** The most messages in p-queue, which would hold all messages otherwise. */
const QUEUED = 1000

interface Input {
  readonly messages: number
}

/** Neighbouring messages have different keys, and all keys have the same number of messages. */
const keyOf = (n: number) => (n * 7919) % KEYS

/** Does the work, and checks the order of the messages of each key. */
function createHandling() {
  const last = new Map<number, number>()
  let [sum, outOfOrder] = [0, 0]
  return {
    async handle(n: number): Promise<void> {
      await sleep(HANDLER_MS)
      if (n < (last.get(keyOf(n)) ?? -1)) outOfOrder += 1
      last.set(keyOf(n), n)
      sum += n
    },
    checksum: () => `${sum}, ${outOfOrder} out of order`,
  }
}

type Handle = (n: number) => Promise<void>

/** The upper bound: 64 loops that only wait, each with its part of the keys. */
async function ideal(count: number, handle: Handle): Promise<void> {
  const lane = async (at: number) => {
    for (const n of numbers(count)) if (keyOf(n) % CONCURRENCY === at) await handle(n)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, (_, at) => lane(at)))
}

const snapstream = (source: (count: number) => Source<number>) => async (count: number, handle: Handle) => {
  const app = createApp()
  app.snap(source(count), { concurrency: CONCURRENCY, key: keyOf })(handle)
  await app.stream()
}

interface PQueue {
  add(f: () => Promise<void>): Promise<void>
}

/** One chain of promises for each key, over one queue. */
async function pQueue(count: number, handle: Handle): Promise<void> {
  const { default: Queue } = await loadPeer<{ default: new (options: { concurrency: number }) => PQueue }>('p-queue')
  const queue = new Queue({ concurrency: CONCURRENCY })
  const chains = new Map<number, Promise<void>>()
  let waiting = 0
  let wake = () => {}
  for (const n of numbers(count)) {
    if (waiting >= QUEUED) await new Promise<void>((resolve) => (wake = resolve))
    waiting += 1
    const before = chains.get(keyOf(n)) ?? Promise.resolve()
    const link = before
      .then(() => queue.add(() => handle(n)))
      .then(() => {
        waiting -= 1
        wake()
      })
    chains.set(keyOf(n), link)
  }
  await Promise.all(chains.values())
}

function contestant(name: string, run: (count: number, handle: Handle) => Promise<void>): OwnContestant {
  return {
    name,
    async run({ messages }: Input): Promise<Outcome> {
      await run(CONCURRENCY, createHandling().handle)
      const { handle, checksum } = createHandling()
      const started = performance.now()
      await run(messages, handle)
      return { messages, ms: performance.now() - started, checksum: checksum() }
    },
  }
}

export const concurrency: Case = {
  name: 'concurrency',
  about: `A handler that waits ${HANDLER_MS} ms, for up to ${CONCURRENCY} of ${KEYS} keys at once, in order within each key. The contestant "ideal" is ${CONCURRENCY} loops that share the keys and only wait`,
  contestants: [
    contestant('ideal', ideal),
    { ...contestant('snapstream', snapstream(batchedSource)), settings: 'a source of batches of 1000, like a topic' },
    contestant('snapstream, an iterable', snapstream(numbers)),
    {
      ...contestant('p-queue', pQueue),
      settings: `a chain of promises for each key, at most ${QUEUED} messages waiting`,
      install: (log) => installPeer('p-queue', log),
    },
  ],
  ratios: [
    { of: 'snapstream', to: 'ideal', atLeast: 0.8 },
    { of: 'snapstream', to: 'p-queue', atLeast: 1 },
  ],
  columns: ['rate', 'cpuPerMillion', 'peakBytes'],
  input: (arena): Input => ({ messages: arena.count(16_000, 64_000) }),
  begin: async ({ messages }: Input) => ({
    input: {},
    verify: async (outcome) => expectChecksum(outcome, `${(messages * (messages - 1)) / 2}, 0 out of order`),
  }),
}
