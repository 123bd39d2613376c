import { expect } from 'vitest'
import type { ReadLine, RecordLine } from './record-line.ts'

/** Expects the same records at the same places. Shows only the first difference, because the lists are long. */
export function expectSame(actual: readonly ReadLine[], expected: readonly ReadLine[]): void {
  compare(actual, expected, ['partition', 'offset', ...CONTENT])
}

/** Expects exactly these records at any place. */
export function expectContent(actual: readonly RecordLine[], expected: readonly RecordLine[]): void {
  compare(sorted(actual), sorted(expected), CONTENT)
}

function compare(actual: readonly RecordLine[], expected: readonly RecordLine[], fields: string[]): void {
  const different = expected.findIndex((line, i) => JSON.stringify(actual[i], fields) !== JSON.stringify(line, fields))
  if (different !== -1) expect({ different, ...actual[different] }).toEqual({ different, ...expected[different] })
  expect(actual).toHaveLength(expected.length)
}

const sorted = (lines: readonly RecordLine[]) =>
  lines
    .map((line) => [JSON.stringify(line, CONTENT), line] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, line]) => line)

// JSON.stringify writes these fields in this order.
const CONTENT = ['key', 'value', 'headers', 'timestamp']
