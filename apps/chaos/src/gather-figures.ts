import { readFile } from 'node:fs/promises'
import { clock } from './clock.ts'
import { parseHandlings } from './handling.ts'
import type { Handover } from './handover.ts'
import { parseHandovers } from './handover.ts'
import type { Handling } from './handling.ts'
import { commitsMovedBack } from './judge/commits-moved-back.ts'
import { judgeDelivery } from './judge/delivery.ts'
import { judgeHandlingOrder } from './judge/handling-order.ts'
import { judgeOwnStalls } from './judge/own-stalls.ts'
import { judgeOwnership } from './judge/ownership.ts'
import { judgeReaderStalls } from './judge/reader-stalls.ts'
import { judgeSeveralOutputs } from './judge/several-outputs.ts'
import { judgeStalls } from './judge/stalls.ts'
import { unexplainedCopies } from './judge/unexplained-copies.ts'
import { lettersOf, secondOf } from './outputs.ts'
import { placeOf } from './place.ts'
import { readRecords } from './read-records.ts'
import type { Figures } from './figures.ts'
import { readLetterPlaces } from './read-letter-places.ts'
import type { Reader } from './reader.ts'
import { placeAlone } from './stores/counted-output.ts'
import { judgeStore } from './stores/judge-store.ts'
import type { JudgedStore } from './stores/judge-store.ts'
import type { World } from './world.ts'

export interface GatherOptions {
  readonly brokers: string
  readonly input: string
  readonly output: string
  /** A reader of the output since the start. Undefined: nothing is measured. */
  readonly reader: Reader | undefined
  /** Whether the workers write several outputs for a message. */
  readonly several: boolean
  /** The store in which the workers count. Undefined: they have none. */
  readonly store: JudgedStore | undefined
  /** Whether a worker that lost its partitions counts as cut off at that time. */
  readonly mayLose: boolean
  /** The end of the scenario and of the load. */
  readonly endedAt: number
  /** Counted until the workers were told to end; their leaving is one more rebalance. */
  readonly rebalances: number
}

/** The figures of a run, and problems that they do not show. */
export interface GatheredFigures extends Figures {
  readonly problems: readonly string[]
}

/** Reads the topics and the logs of a run after its workers have ended, and judges them. */
export async function gatherFigures(world: World, options: GatherOptions): Promise<GatheredFigures> {
  const { commits, kills, lapses, mishaps, workers } = world
  const inputs = await readRecords(options.brokers, options.input)
  const written = await readRecords(options.brokers, options.output)
  const outputs = options.store ? written.map(placeAlone) : written
  const handlings: Handling[] = []
  const handovers: Handover[] = []
  // No spread arguments: a call cannot take this many.
  for (const { name, plan } of workers) {
    const log = await logOf(plan.log)
    for (const one of parseHandlings(name, log)) handlings.push(one)
    handovers.push(...parseHandovers(name, log))
  }

  const keys = new Map(inputs.map(({ partition, offset, key }) => [placeOf(partition, offset), key]))
  const gone = new Map(workers.map(({ name, endedAt }) => [name, endedAt ?? clock()]))
  const { copies, ...delivery } = options.several
    ? judgeSeveralOutputs(
        inputs,
        {
          first: outputs,
          second: await readRecords(options.brokers, secondOf(options.output)),
          letters: await readLetterPlaces(options.brokers, lettersOf(options.output)),
        },
        commits.current,
      )
    : judgeDelivery(inputs, outputs, commits.current)
  const counts =
    options.store && (await judgeStore(options.store, { ...options, inputs, outputs: written, handlings }, world))
  const losses = handovers.filter(({ reason }) => options.mayLose && reason === 'lost')
  const ownership = judgeOwnership(
    handlings,
    [...lapses, ...losses.map(({ worker, at }) => ({ worker, from: at, to: at }))],
    gone,
  )
  const ready = Math.min(...firstByPartition(handlings).values(), options.endedAt)
  const range = { from: ready, to: options.endedAt }
  const stalls = judgeStalls(handlings, { ...range, mishaps })
  return {
    ...delivery,
    lost: delivery.lost.length,
    outOfOrder:
      delivery.outOfOrder + judgeHandlingOrder(handlings, (partition, offset) => keys.get(placeOf(partition, offset))),
    unexplainedCopies: unexplainedCopies(copies, handlings, kills),
    ...ownership,
    commitsMovedBack: commitsMovedBack(commits.all),
    rebalances: options.rebalances,
    longestStallMs: stalls.longestMs,
    partitionStallMs: stalls.partitionMs,
    ownStallMs: judgeOwnStalls(handlings, handovers, lapses, range),
    recoveryMs: stalls.recoveryMs,
    ...(counts && { countedTwice: counts.tooHigh }),
    problems: counts?.problems ?? [],
    ...(options.reader && { readerStallMs: judgeReaderStalls(options.reader.arrivals, range) }),
    kills: kills.length,
    killsCounted: kills.filter(({ counted }) => counted).length,
    uncommitted: kills.reduce((sum, { uncommitted }) => sum + uncommitted, 0),
  }
}

/** A worker that was killed before its first handling has no log. */
async function logOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function firstByPartition(handlings: readonly Handling[]): ReadonlyMap<number, number> {
  const first = new Map<number, number>()
  for (const { partition, start } of handlings)
    first.set(partition, Math.min(start, first.get(partition) ?? Number.POSITIVE_INFINITY))
  return first
}
