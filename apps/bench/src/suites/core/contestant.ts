import { installPeer } from '../../peers/npm-peer.ts'
import type { OwnContestant, Outcome, Trial } from '../../suite.ts'
import { createWorks } from './works.ts'
import type { Runner } from './works.ts'

export interface CoreInput {
  readonly messages: number
}

const WARM_UP = 200_000

type Peer = Parameters<typeof installPeer>[0]

interface CoreContestant {
  readonly name: string
  readonly settings?: string
  readonly peer?: Peer
  /** Created once per process, before the measurement. */
  prepare(): Promise<Runner> | Runner
}

/** `busy`: the four works one after the other, so that shared code is compiled for several handlers and sinks. */
export function coreContestant({ name, settings, peer, prepare }: CoreContestant, busy: boolean): OwnContestant {
  return {
    name,
    ...(settings === undefined ? {} : { settings }),
    ...(peer === undefined ? {} : { install: (log) => installPeer(peer, log) }),
    async run({ messages }: CoreInput): Promise<Outcome> {
      const runner = await prepare()
      const { works, sum } = createWorks()
      const chosen = busy ? works : works.slice(0, 1)
      for (const work of chosen) await runner(WARM_UP, work)
      const before = sum()
      const started = performance.now()
      for (const work of chosen) await runner(messages / chosen.length, work)
      return { messages, ms: performance.now() - started, checksum: String(sum() - before) }
    },
  }
}

/** The outcome of a plain loop. */
export async function coreTrial({ messages }: CoreInput, busy: boolean): Promise<Trial> {
  const { works, sum } = createWorks()
  const chosen = busy ? works : works.slice(0, 1)
  for (const { handler, sink } of chosen) for (let i = 0; i < messages / chosen.length; i++) sink(handler(i))
  return { input: {}, verify: async (outcome) => expectChecksum(outcome, String(sum())) }
}

/** Throws if a run read or wrote something else. */
export function expectChecksum(outcome: Outcome, expected: string): Outcome {
  if (outcome.checksum !== expected) throw new Error(`it came to ${outcome.checksum}, and not to ${expected}`)
  return outcome
}
