/**
 * The memory that the large batches of a consumer share once they are decompressed: it is bounded, however many partitions
 * have one at the same time.
 */
export interface DecompressionRoom {
  /** The most that one batch may take, and all of them together, in bytes. */
  readonly limit: number
  /** Resolves when there is room for so many bytes, `limit` at most. In the order asked for. */
  take(bytes: number): Promise<RoomHold>
  /** Nobody needs it any more. Does nothing for what holds nothing. */
  release(part: object): void
}

/** Some of the room. */
export interface RoomHold {
  /** Gives back what turned out not to be needed. */
  shrink(bytes: number): void
  /** It stays held until this is released, too. */
  keep(part: object): void
  /** Ends the hold; the room is free again when all that keeps it is released. */
  release(): void
}

export function decompressionRoom(limit: number): DecompressionRoom {
  let left = limit
  const waiting: { readonly bytes: number; go(): void }[] = []
  const kept = new WeakMap<object, () => void>()

  function give(bytes: number): void {
    left += bytes
    for (let [next] = waiting; next && next.bytes <= left; [next] = waiting) {
      waiting.shift()
      left -= next.bytes
      next.go()
    }
  }

  function holdOf(taken: number): RoomHold {
    let bytes = taken
    let holders = 0
    /** Answers with how to let go, which counts once. */
    const grab = () => {
      let held = true
      holders++
      return () => {
        if (held && --holders === 0) give(bytes)
        held = false
      }
    }
    return {
      shrink(to) {
        const more = Math.max(0, bytes - to)
        bytes -= more
        give(more)
      },
      keep: (part) => void kept.set(part, grab()),
      release: grab(),
    }
  }

  return {
    limit,
    async take(wanted) {
      const bytes = Math.min(wanted, limit)
      await new Promise<void>((go) => {
        waiting.push({ bytes, go })
        give(0)
      })
      return holdOf(bytes)
    },
    release(part) {
      kept.get(part)?.()
      kept.delete(part)
    },
  }
}
