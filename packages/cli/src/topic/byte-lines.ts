import { Buffer } from 'node:buffer'

const LINE_FEED = 0x0a

/** The lines of a stream as bytes, without their ends; a line end at the very end begins no other line. */
export async function* byteLines(stream: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer, void> {
  let pieces: Buffer[] = []
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array)
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      const last = bytes.subarray(start, end)
      yield pieces.length === 0 ? last : Buffer.concat([...pieces, last])
      pieces = []
      start = end + 1
    }
    if (start < bytes.length) pieces.push(bytes.subarray(start))
  }
  if (pieces.length > 0) yield Buffer.concat(pieces)
}
