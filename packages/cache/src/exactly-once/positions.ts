import { Buffer } from 'node:buffer'
import { SnapstreamError, describe } from '@snapstream/core'
import type { BatchSource, Checkpoint, Lane, Lasting, Position, Positions } from '@snapstream/core'
import { backendError } from '../backend/backend-error.ts'
import type { Backend } from '../backend/backend.ts'
import { POSITIONS_TAG } from '../entry/key-space.ts'

const ENCODING = { keyEncoding: 'buffer', valueEncoding: 'utf8' } as const

/** A position as it is stored. */
interface Kept {
  readonly position: Position
  /** The incarnation of the lane, where the source knows it. */
  readonly of?: string
}

/** A position in a batch. */
export interface PositionWrite {
  readonly key: Buffer
  readonly value: string
}

/** The positions of sources that an exactly-once cache stores beside its entries, for one run. */
export interface KeptPositions {
  /** The stored positions of these lanes. Throws `USAGE` for a source whose positions cannot be stored. */
  of(source: unknown, lanes: readonly Lane[]): Promise<Positions>
  /** The positions for the batch of a checkpoint: those of sources that were passed to `of`. */
  writes(checkpoint: Checkpoint): readonly PositionWrite[]
}

export function createPositions(name: string, opened: () => Backend): KeptPositions {
  /** The source of each lane. */
  const owners = new Map<string, unknown>()
  /** The names of the sources that feed the cache. */
  const names = new Map<unknown, string>()
  const incarnations = new Map<string, string>()

  function lastingOf(source: unknown): Lasting {
    const lasting = (source as Partial<BatchSource<unknown>> | undefined)?.['~snapstream.lasting']
    if (lasting === undefined)
      throw new SnapstreamError(
        'USAGE',
        `${name} is exactly once and stores the positions of its sources, which have to be topics; got ${describe(source)}, ` +
          'whose positions the next process cannot use; write its results to another cache, or write to this one before the stream starts',
      )
    return lasting
  }

  function claim(source: unknown, place: string, lane: Lane): void {
    if ((owners.get(place) ?? source) !== source)
      throw new SnapstreamError(
        'USAGE',
        `${name} is exactly once and fed with ${lane} by two sources that it could not tell apart; ` +
          'bind one Topic, or give each a groupId of its own',
      )
    owners.set(place, source)
  }

  return {
    async of(source, lanes) {
      const lasting = lastingOf(source)
      names.set(source, lasting.name)
      const current = (lanes.length > 0 && (await lasting.incarnations?.(lanes))) || new Map<Lane, string>()
      const keys = lanes.map((lane) => keyOf(lasting.name, lane))
      const found = await opened()
        .getMany<Buffer, string>(keys, ENCODING)
        .catch((error: unknown) => {
          throw backendError(error, name, 'reading positions')
        })
      const positions = new Map<Lane, Position>()
      for (const [i, lane] of lanes.entries()) {
        const kept = found[i] === undefined ? undefined : (JSON.parse(found[i]) as Kept)
        const incarnation = current.get(lane) ?? kept?.of
        const place = placeOf(lasting.name, lane)
        claim(source, place, lane)
        if (incarnation !== undefined) incarnations.set(place, incarnation)
        // A position of another incarnation says nothing about this one, which is new here, as it is for a group.
        if (kept !== undefined && (kept.of ?? incarnation) === incarnation) positions.set(lane, kept.position)
      }
      return positions
    },
    writes: ({ positions }) =>
      [...positions].flatMap(([source, handled]) => {
        const of = names.get(source)
        // The source feeds other sinks of the same stream.
        if (of === undefined) return []
        return [...handled].map(([lane, position]) => {
          const incarnation = incarnations.get(placeOf(of, lane))
          const kept: Kept = { position, ...(incarnation !== undefined && { of: incarnation }) }
          return { key: keyOf(of, lane), value: JSON.stringify(kept) }
        })
      }),
  }
}

const placeOf = (name: string, lane: Lane) => JSON.stringify([name, lane])

const keyOf = (name: string, lane: Lane) => Buffer.concat([Buffer.of(POSITIONS_TAG), Buffer.from(placeOf(name, lane))])
