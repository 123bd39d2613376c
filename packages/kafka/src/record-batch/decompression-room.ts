/**
 * The memory that large decompressed batches of a consumer share. It is bounded, however many partitions have such a batch at
 * the same time.
 */
export interface DecompressionRoom {
  /** The limit of one batch, and of all large batches together, in bytes. */
  readonly limit: number
  /** Takes room for so many bytes, at most `limit`. Resolves when it is free. Calls are served in order. */
  take(bytes: number): Promise<RoomHold>
}

/** A part of the room. It is free again once the hold and all its users are released. */
export interface RoomHold {
  /** Reduces the hold to so many bytes. */
  shrink(bytes: number): void
  /** Keeps the room for another user. Returns a function that releases it. */
  keep(): () => void
  release(): void
}

export function decompressionRoom(limit: number): DecompressionRoom {
  let left = limit
  const waiting: { readonly bytes: number; go(): void }[] = []

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
    let users = 0
    const keep = () => {
      let isUsed = true
      users++
      return () => {
        if (isUsed && --users === 0) give(bytes)
        isUsed = false
      }
    }
    return {
      shrink(to) {
        const unused = Math.max(0, bytes - to)
        bytes -= unused
        give(unused)
      },
      keep,
      release: keep(),
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
  }
}
