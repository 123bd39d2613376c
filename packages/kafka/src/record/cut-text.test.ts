import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutText } from './cut-text.ts'

const text = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)

test('a text that fits stays as it is, one byte more is cut and says how long it was', () => {
  expect(text(cutText('x'.repeat(64), 64))).toBe('x'.repeat(64))
  expect(text(cutText('x'.repeat(65), 64))).toBe(`${'x'.repeat(64 - 14)}… (65 bytes)`)
})

test('any text is cut between two characters, within its bound', () => {
  const unit = fc.constantFrom<'grapheme' | 'binary' | 'binary-ascii'>('grapheme', 'binary', 'binary-ascii')
  const texts = unit.chain((unit) => fc.string({ unit, maxLength: 300 }))
  fc.assert(
    fc.property(texts, fc.integer({ min: 32, max: 400 }), (whole, max) => {
      const cut = cutText(whole, max)
      expect(cut.length).toBeLessThanOrEqual(max)
      // Fatal: half a character would throw.
      const [kept = ''] = text(cut).split(/… \(\d+ bytes\)$/)
      expect(whole.toWellFormed().startsWith(kept)).toBe(true)
      // No more is cut than has to be: a character has up to 4 bytes.
      expect(cut.length).toBeGreaterThan(Math.min(Buffer.byteLength(whole), max) - 4)
    }),
  )
})

test('a lone surrogate is replaced', () => {
  expect(text(cutText('a\ud800b', 64))).toBe('a\ufffdb')
})
