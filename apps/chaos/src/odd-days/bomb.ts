import { once } from 'node:events'
import { connect } from 'node:net'
import { constants, crc32, deflateRawSync } from 'node:zlib'
// @ts-expect-error KafkaJS has no types of its internals.
import crc32c from 'kafkajs/src/protocol/recordBatch/crc32C/index.js'

/** The decompressed content of a batch: bytes, or a number of zeros. */
type Content = readonly (Uint8Array | number)[]

export const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof CODECS)[number]

const HEADER_BYTES = 61

/** A record batch of `count` records without a key, each with a value of `zeros` zero bytes. `behind`: bytes after the last record. */
export function zerosBatch(
  codec: Codec,
  { count, zeros, behind = '' }: { readonly count: number; readonly zeros: number; readonly behind?: string },
): Buffer {
  const content: (Uint8Array | number)[] = []
  for (let i = 0; i < count; i++) {
    const front = [0, 0, ...varint(i), ...varint(-1), ...varint(zeros)]
    content.push(Uint8Array.from([...varint(front.length + zeros + 1), ...front]), zeros, Uint8Array.of(0))
  }
  return batchOf(CODECS.indexOf(codec) + 1, count, Buffer.concat([ENCODERS[codec](content), Buffer.from(behind)]))
}

/** An uncompressed record batch with one record. */
export function textBatch(value: string): Buffer {
  const bytes = Buffer.from(value)
  const body = [0, 0, 0, ...varint(-1), ...varint(bytes.length), ...bytes, 0]
  return batchOf(0, 1, Buffer.from([...varint(body.length), ...body]))
}

function batchOf(compression: number, count: number, records: Buffer): Buffer {
  const batch = Buffer.concat([Buffer.alloc(HEADER_BYTES), records])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(compression, 21)
  batch.writeInt32BE(count - 1, 23)
  const now = BigInt(Date.now())
  for (const at of [27, 35]) batch.writeBigInt64BE(now, at)
  // No producer id, epoch and sequence: no idempotence.
  batch.fill(0xff, 43, 57)
  batch.writeInt32BE(count, 57)
  batch.writeUInt32BE((crc32c as (bytes: Buffer) => number)(batch.subarray(21)) >>> 0, 17)
  return batch
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return [...bytes, rest]
}

const ENCODERS: Readonly<Record<Codec, (content: Content) => Buffer>> = {
  gzip(content) {
    const full = { finishFlush: constants.Z_FULL_FLUSH, level: 9 }
    const piece = Buffer.alloc(1 << 24)
    const small = deflateRawSync(piece, full)
    const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])]
    let checksum = 0
    let size = 0
    const add = (bytes: Buffer, compressed = deflateRawSync(bytes, full)) => {
      parts.push(compressed)
      checksum = crc32(bytes, checksum)
      size += bytes.length
    }
    for (const part of content) {
      if (typeof part !== 'number') add(Buffer.from(part))
      else {
        for (let n = Math.floor(part / piece.length); n > 0; n--) add(piece, small)
        add(Buffer.alloc(part % piece.length))
      }
    }
    const end = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    end.writeUInt32LE(checksum, 2)
    end.writeUInt32LE(size % 2 ** 32, 6)
    return Buffer.concat([...parts, end])
  },
  /** At most 64 bytes from three, so 6 GB would take 290 MB. */
  snappy(content) {
    const frame = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    const size = (value: number) => {
      const bytes: number[] = []
      let rest = value
      for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
      return Buffer.from([...bytes, rest])
    }
    const parts = blocksOf(content, 1 << 20).flatMap((block) => {
      const encoded =
        typeof block === 'number'
          ? [size(block), Buffer.of(0, 0), copies(block - 1)]
          : [size(block.length), Buffer.of((block.length - 1) << 2), block]
      const length = Buffer.alloc(4)
      length.writeInt32BE(encoded.reduce((sum, part) => sum + part.length, 0))
      return [length, ...encoded]
    })
    return Buffer.concat([frame, ...parts])
  },
  lz4(content) {
    const parts = blocksOf(content, 1 << 22).flatMap((block) => {
      const length = Buffer.alloc(4)
      // Short blocks are stored uncompressed.
      if (typeof block !== 'number' || block < 64) {
        const plain = typeof block === 'number' ? Buffer.alloc(block) : block
        length.writeUInt32LE(plain.length + 0x8000_0000)
        return [length, plain]
      }
      // One zero, repeated; the last five bytes are literals.
      const repeated = block - 6 - 19
      const run = Buffer.alloc(Math.floor(repeated / 255) + 1, 255)
      run[run.length - 1] = repeated % 255
      const encoded = Buffer.concat([Buffer.from([0x1f, 0, 1, 0]), run, Buffer.from([0x50, 0, 0, 0, 0, 0])])
      length.writeUInt32LE(encoded.length)
      return [length, encoded]
    })
    return Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]), ...parts, Buffer.alloc(4)])
  },
  zstd(content) {
    const blocks = blocksOf(content, 1 << 17)
    const parts = blocks.flatMap((block, i) => {
      const isZeros = typeof block === 'number'
      const header = Buffer.alloc(3)
      const last = i === blocks.length - 1 ? 1 : 0
      header.writeUIntLE((isZeros ? block * 8 + 2 : block.length * 8) + last, 0, 3)
      return [header, isZeros ? Buffer.of(0) : block]
    })
    return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]), ...parts])
  },
}

function blocksOf(content: Content, blockBytes: number): (Uint8Array | number)[] {
  const blocks: (Uint8Array | number)[] = []
  for (const part of content)
    if (typeof part !== 'number') blocks.push(part)
    else for (let left = part; left > 0; left -= blockBytes) blocks.push(Math.min(left, blockBytes))
  return blocks
}

/** Copy elements of snappy that repeat the previous byte `count` times. */
function copies(count: number): Buffer {
  const most = Math.floor(count / 64)
  const bytes = Buffer.alloc(most * 3, Buffer.from([0xfe, 1, 0]))
  return count % 64 === 0 ? bytes : Buffer.concat([bytes, Buffer.from([(((count % 64) - 1) << 2) | 2, 1, 0])])
}

/** Sends a raw batch in a Produce request, bypassing all clients. Resolves with its offset. */
export async function writeRaw(broker: string, topic: string, partition: number, batch: Buffer): Promise<number> {
  const name = Buffer.from(topic)
  const front = Buffer.alloc(2 + 2 + 4 + 2 + 2 + 2 + 4 + 4 + 2)
  let at = front.writeInt16BE(0, 0)
  at = front.writeInt16BE(7, at)
  at = front.writeInt32BE(1, at)
  // No client id, no transactional id, acks of all replicas, a timeout, one topic.
  at = front.writeInt16BE(-1, at)
  at = front.writeInt16BE(-1, at)
  at = front.writeInt16BE(-1, at)
  at = front.writeInt32BE(120_000, at)
  at = front.writeInt32BE(1, at)
  front.writeInt16BE(name.length, at)
  const back = Buffer.alloc(12)
  back.writeInt32BE(1, 0)
  back.writeInt32BE(partition, 4)
  back.writeInt32BE(batch.length, 8)
  const request = [front, name, back, batch]
  const size = Buffer.alloc(4)
  size.writeInt32BE(request.reduce((sum, part) => sum + part.length, 0))

  const [host = '', port = ''] = (broker.split(',')[0] ?? '').split(':')
  const socket = connect(Number(port), host)
  await once(socket, 'connect')
  for (const part of [size, ...request]) socket.write(part)
  const chunks: Buffer[] = []
  let answer = Buffer.alloc(0)
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer)
    answer = Buffer.concat(chunks)
    if (answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)) break
  }
  socket.destroy()
  // Size, correlation id, one topic, one partition.
  const result = 4 + 4 + 4 + 2 + name.length + 4 + 4
  const errorCode = answer.readInt16BE(result)
  if (errorCode !== 0) throw new Error(`the broker refused the batch with error ${errorCode}`)
  return Number(answer.readBigInt64BE(result + 2))
}
