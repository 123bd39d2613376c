import { afterEach, describe, expect, test, vi } from 'vitest'
import { loadCrc32c } from './load-crc32c.ts'

const bytes = new Uint8Array(Buffer.from('-123456789-')).subarray(1, 10)

test('the native checksum is loaded', () => {
  const warn = vi.spyOn(console, 'warn')
  expect(loadCrc32c()(bytes)).toBe(0xe3069283)
  expect(warn).not.toHaveBeenCalled()
})

describe('where it does not load', () => {
  afterEach(() => vi.restoreAllMocks())

  test.each([
    ['missing', () => JSON.parse('{')],
    ['wrong', () => ({ crc32c: () => 0 })],
  ])('%s: computes the same, and says so', (_, load) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    expect(loadCrc32c(load)(bytes)).toBe(0xe3069283)
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('@node-rs/crc32 could not be loaded'))
  })
})
