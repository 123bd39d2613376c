import { describe, expect, test } from 'vitest'
import { FrameError, frameReader } from './broker-socket.ts'

function frame(size: number, fill: number): Buffer {
  const bytes = Buffer.alloc(4 + size, fill)
  bytes.writeInt32BE(size)
  return bytes
}

/** Gives a reader these bytes, cut into pieces of some size. */
function read(bytes: Buffer, pieceBytes: number, limitBytes = 100_000_000): Buffer[] {
  const frames: Buffer[] = []
  const reader = frameReader(limitBytes)
  for (let at = 0; at < bytes.length; at += pieceBytes)
    reader.push(bytes.subarray(at, at + pieceBytes), (one) => frames.push(Buffer.from(one)))
  return frames
}

describe('frames', () => {
  const sizes = [4, 5, 64, 4, 10_000, 7]
  const sent = Buffer.concat(sizes.map((size, i) => frame(size, i)))

  test.each([1, 2, 3, 4, 5, 7, 8, 9, 13, 1000, 100_000])('frames are read from pieces of %d bytes', (piece) => {
    expect(read(sent, piece)).toEqual(sizes.map((size, i) => Buffer.alloc(size, i)))
  })

  test('a frame that arrives in one piece is not copied', () => {
    const bytes = frame(100, 1)
    let got: Buffer | undefined
    frameReader(1000).push(bytes, (one) => (got = one))
    bytes.fill(7, 4)
    expect(got).toEqual(Buffer.alloc(100, 7))
  })

  test('a large frame is read from pieces of any size', () => {
    const bytes = frame(10_000_000, 3)
    bytes.writeInt32BE(4711, bytes.length - 4)
    const [one] = read(bytes, 65_536)
    expect(one).toHaveLength(10_000_000)
    expect(one?.readInt32BE(10_000_000 - 4)).toBe(4711)
  })

  test('memory is allocated for received bytes, not for the stated length', () => {
    const before = process.memoryUsage().arrayBuffers
    const start = Buffer.alloc(1000)
    start.writeInt32BE(100_000_000)
    const readers = Array.from({ length: 20 }, () => frameReader(100_000_000))
    for (const reader of readers) reader.push(start, () => {})
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 5_000_000)
  })
})

describe('invalid frames', () => {
  const head = (length: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(length)
    return bytes
  }

  test.each([0, 1, 3, -1, -(2 ** 31), 1001, 2 ** 31 - 1])(
    'a length of %d is refused as soon as it is there',
    (length) => {
      for (const piece of [1, 4]) expect(() => read(head(length), piece, 1000)).toThrow(FrameError)
      expect(() => read(Buffer.concat([frame(10, 1), head(length)]), 14, 1000)).toThrow(`a frame of ${length} bytes`)
    },
  )

  test('a length at the limit is accepted', () => {
    expect(read(frame(1000, 1), 300, 1000)).toHaveLength(1)
  })

  test('the error names the protocol of other servers', () => {
    const alert = Buffer.from([0x15, 3, 3, 0, 2, 2, 0x50])
    expect(() => read(alert, 100)).toThrow("it answers in TLS; set securityProtocol to 'ssl'")
    expect(() => read(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 100)).toThrow('it answers in HTTP')
  })
})
