import { Buffer } from 'node:buffer'

const LINE_FEED = 0x0a

/**
 * The lines of a stream as bytes, without their line ends. The last line may have one or not. A line of more than `maxBytes`
 * ends the sequence, with its length so far in place of its bytes.
 */
export async function* byteLines(
  stream: AsyncIterable<Uint8Array | string>,
  maxBytes: number,
): AsyncGenerator<Buffer | { readonly tooLong: number }, void> {
  let pieces: Buffer[] = []
  let held = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array)
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      const last = bytes.subarray(start, end)
      if (held + last.length > maxBytes) return yield { tooLong: held + last.length }
      yield pieces.length === 0 ? last : Buffer.concat([...pieces, last])
      pieces = []
      held = 0
      start = end + 1
    }
    if (start < bytes.length) {
      pieces.push(bytes.subarray(start))
      held += bytes.length - start
    }
    if (held > maxBytes) return yield { tooLong: held }
  }
  if (pieces.length > 0) yield Buffer.concat(pieces)
}
