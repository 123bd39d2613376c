import { Buffer } from 'node:buffer'

/** A value of a key, from its time on until that of the next one. */
export interface Version {
  /** In ms since the epoch. */
  readonly at: number
  /** As it is stored; null: the key was deleted. */
  readonly value: Uint8Array | null
}

// A history has the versions of a key, the latest first: the time as a float64, the length of the value as an int32 (-1: the key
// was deleted), and the value. Numbers are big-endian.
const HEAD_BYTES = 12

function* versionsOf(history: Buffer): Generator<Version & { readonly from: number }, void> {
  let from = 0
  while (from < history.length) {
    const at = history.readDoubleBE(from)
    const length = history.readInt32BE(from + 8)
    const start = from + HEAD_BYTES
    const end = start + Math.max(0, length)
    yield { at, value: length < 0 ? null : history.subarray(start, end), from }
    from = end
  }
}

/**
 * Adds a version to a history, which may be empty. Of two with the same time the later one counts. Versions are left out that ended
 * at or before `keepFrom`; the latest one stays.
 */
export function addVersion(history: Buffer, version: Version, keepFrom: number): Buffer {
  const parts: Buffer[] = []
  let isAdded = false
  /** The time from which on a later version is valid. */
  let until = Infinity
  const add = ({ at, value }: Version) => {
    if (until > keepFrom) parts.push(encode(at, value))
    until = at
  }
  for (const one of versionsOf(history)) {
    if (!isAdded && version.at >= one.at) {
      add(version)
      isAdded = true
    }
    if (one.at !== version.at) add(one)
  }
  if (!isAdded) add(version)
  return Buffer.concat(parts)
}

function encode(at: number, value: Uint8Array | null): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeDoubleBE(at)
  head.writeInt32BE(value?.length ?? -1, 8)
  return value === null ? head : Buffer.concat([head, value])
}

/** The latest version of a history that is not empty. */
export function latestOf(history: Buffer): Version {
  return versionsOf(history).next().value as Version
}

/** The value that was valid at a time; undefined: none was, or it is not known any more. */
export function valueAt(history: Buffer, time: number): Uint8Array | undefined {
  for (const { at, value } of versionsOf(history)) if (at <= time) return value ?? undefined
  return undefined
}
