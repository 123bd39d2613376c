import { random as randomNumbers } from '@snapstream/program'
import { toBase64, toBase64OrNull } from './record-line.ts'
import type { RecordLine } from './record-line.ts'

// Characters of one to four bytes in UTF-8.
const ALPHABET = Array.from('aZ09 _-/éßñдЖ漢字ग€🏆🐟👌')
const NAMES = ['id', 'trace', 'id', 'ünïcödé', '10', 'id', '2', '']
const NEWEST = Date.UTC(2026, 0, 1)

/**
 * A deterministic list of varied records. Keys are missing (with a partition), empty, text, binary and long. Values are null,
 * empty, text and binary. Headers have repeated or empty names and empty values. Timestamps are not ordered.
 */
export function recordList(count: number, partitions: number): readonly RecordLine[] {
  const random = randomNumbers(1)
  const below = (limit: number) => Math.floor(random() * limit)
  const binary = (length: number) => Uint8Array.from({ length }, () => below(256))
  const text = (length: number) =>
    Buffer.from(Array.from({ length }, () => ALPHABET[below(ALPHABET.length)]).join(''), 'utf8')

  const keyOf = (i: number): Uint8Array | null => {
    if (i % 50 === 0) return null
    if (i % 50 === 1) return new Uint8Array(0)
    if (i % 50 === 2) return binary(1000 + below(3000))
    if (i % 5 === 0) return Buffer.from(`user-${below(1000)}`)
    return i % 2 === 0 ? text(1 + below(40)) : binary(1 + below(40))
  }
  const valueOf = (i: number): Uint8Array | null => {
    if (i % 20 === 3) return null
    if (i % 20 === 4) return new Uint8Array(0)
    return i % 3 === 0 ? binary(below(200)) : Buffer.from(JSON.stringify({ i, note: text(below(30)).toString() }))
  }
  const headersOf = (i: number): RecordLine['headers'] =>
    Array.from({ length: i % 4 === 0 ? below(6) : 0 }, () => [
      NAMES[below(NAMES.length)] ?? '',
      toBase64(binary(below(12))),
    ])

  return Array.from({ length: count }, (_, i) => {
    const key = keyOf(i)
    return {
      ...(key === null && { partition: below(partitions) }),
      key: toBase64OrNull(key),
      value: toBase64OrNull(valueOf(i)),
      headers: headersOf(i),
      // Zero is a valid timestamp that a client must not replace by the current time.
      timestamp: i % 100 === 99 ? 0 : NEWEST - below(1_000_000_000),
    }
  })
}
