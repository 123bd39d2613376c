/** Edge values of the integers in which formats store lengths and counts. */
const EDGES = [
  [0x7f],
  [0x80],
  [0xff],
  [0x7f, 0xff],
  [0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xf4],
  [0, 0, 0, 0],
  // Zigzag varints: 2^31 - 1, -2^31, 2^40 and one without an end.
  [0xfe, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x40],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
].map((bytes) => Uint8Array.from(bytes))

/** Returns a copy with one to eight random changes. `others`: inputs from which parts are inserted. */
export function mutate(
  input: Uint8Array,
  others: readonly Uint8Array[],
  random: () => number,
  maxBytes: number,
): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit)
  let bytes = Uint8Array.from(input)
  for (let changes = 1 + below(8) * below(2); changes > 0; changes--) bytes = change(bytes).subarray(0, maxBytes)
  return bytes

  function change(from: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const at = below(from.length + 1)
    switch (below(8)) {
      case 0: // flips a bit
        if (at < from.length) from[at] = (from[at] as number) ^ (1 << below(8))
        return from
      case 1: // replaces a byte
        if (at < from.length) from[at] = below(256)
        return from
      case 2: // adds -4 to 4 to a byte
        if (at < from.length) from[at] = (from[at] as number) + below(9) - 4
        return from
      case 3: // cuts off the end
        return from.slice(0, at)
      case 4: // removes a part
        return joined(from.subarray(0, at), from.subarray(at + 1 + below(16)))
      case 5: // repeats a part up to 64 times
        return joined(
          from.subarray(0, at),
          repeated(from.subarray(at, at + 1 + below(32)), 1 + below(64) * below(2)),
          from.subarray(at),
        )
      case 6: {
        // inserts an edge value, or overwrites bytes with it
        const edge = EDGES[below(EDGES.length)] as Uint8Array
        return joined(from.subarray(0, at), edge, from.subarray(at + edge.length * below(2)))
      }
      default: {
        // overwrites bytes with a part of another input
        const other = others[below(others.length)] ?? from
        const start = below(other.length + 1)
        return joined(from.subarray(0, at), other.subarray(start, start + 1 + below(64)), from.subarray(at + below(64)))
      }
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const repeated = (part: Uint8Array, times: number) => joined(...Array.from({ length: times }, () => part))
