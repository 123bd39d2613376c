import type { Headers } from '@snapstream/core'
import { toInt64 } from '../driver/int64.ts'
import type { Int64 } from '../driver/int64.ts'

/** A record that any client may write. */
export interface OddRecord {
  /** The key; null for none. */
  readonly key: Uint8Array | null
  /** The value; null for a tombstone. */
  readonly value: Uint8Array | null
  /** The headers, in order. */
  readonly headers: Headers
  /** In ms since the epoch by convention, in fact any int64; -1 for none. */
  readonly timestamp: Int64
}

/** The config for a topic of odd records: any timestamp is taken, and all records stay in one segment. */
export const ODD_TOPIC: Readonly<Record<string, string>> = {
  'message.timestamp.type': 'CreateTime',
  'message.timestamp.before.max.ms': String(2n ** 63n - 1n),
  'message.timestamp.after.max.ms': String(2n ** 63n - 1n),
  'retention.ms': '-1',
  'segment.ms': String(2n ** 63n - 1n),
}

const NOW_MS = Date.UTC(2026, 0, 1)
const TIMES: readonly bigint[] = [
  -1n,
  0n,
  1n,
  -2n,
  -86_400_000n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  1n - 2n ** 53n,
  -(2n ** 53n),
  1_796_024_387_239_123n,
  1_796_024_387_239_123_457n,
  2n ** 63n - 1n,
  -(2n ** 63n),
]
const NAMES = [
  'trace',
  'trace',
  '',
  'ünïcödé',
  '🏆',
  'a\nb',
  '\0',
  '10',
  '2',
  '__proto__',
  'constructor',
  'snapstream.topic',
  'snapstream.partition',
  'snapstream.offset',
  'snapstream.timestamp',
  'snapstream.headers',
]
const TEXTS = [
  'text',
  'ä€🏆',
  'two\nlines\t\\"',
  '{"id":9007199254740993,"x":1e400}',
  '{"base64":"aGk="}',
  '[1,2]',
  'null',
  '\ufeffbom',
  '\u001b[2J\u009b',
  '7',
]

/**
 * Records that are odd in every way: keys, values and headers that are null, empty, text and binary, headers that repeat or
 * have the names of Snapstream's own, and timestamps of every class of 64-bit integers. A seed gives the same records each
 * time.
 */
export function oddRecords(count: number, seed: number): readonly OddRecord[] {
  const random = randomNumbers(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const oneOf = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T
  const text = (content: string) => new TextEncoder().encode(content)

  function content(): Uint8Array | null {
    const kind = below(8)
    if (kind === 0) return null
    if (kind === 1) return new Uint8Array(0)
    if (kind < 5) return text(oneOf(TEXTS))
    return Uint8Array.from({ length: kind === 5 ? below(2000) : below(20) }, () => below(256))
  }

  function timestamp(): Int64 {
    const kind = below(4)
    if (kind === 0) return toInt64(oneOf(TIMES))
    if (kind === 1) return toInt64(BigInt.asIntN(64, BigInt(below(2 ** 32)) * 2n ** 32n + BigInt(below(2 ** 32))))
    return NOW_MS - below(1_000_000_000)
  }

  return Array.from({ length: count }, () => ({
    key: below(3) === 0 ? text(`key-${below(50)}`) : content(),
    value: content(),
    headers: Array.from({ length: below(6) }, () => [oneOf(NAMES), content()] as const),
    timestamp: timestamp(),
  }))
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
