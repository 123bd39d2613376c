import { gzip } from 'node:zlib'
import type { ZlibOptions } from 'node:zlib'
import * as zlib from 'node:zlib'
import { promisify } from 'node:util'
import { SnapstreamError } from '@snapstream/core'
import type { Compression } from '../driver/driver.ts'
import { THREAD_BYTES } from './compression-codec.ts'
import type { CompressionCodec } from './compression-codec.ts'
import { gunzipWithin, statedGzipSize } from './gzip.ts'
import { lz4Frame } from './lz4-frame.ts'
import { xerialSnappy } from './xerial-snappy.ts'
import { maxZstdSize } from './zstd-frame.ts'

/** The codecs by Kafka's number: the lowest three bits of a batch's attributes. */
export const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/**
 * The codec with this name, from node:zlib or from a package that is loaded at the first use. Rejects with `UNSUPPORTED`,
 * naming the package, if it is not installed.
 */
export async function compressionCodec(name: Exclude<Compression, 'none'>): Promise<CompressionCodec> {
  switch (name) {
    case 'gzip':
      return { compress: promisify(gzip), expectedSize: statedGzipSize, decompress: gunzipWithin }
    case 'snappy':
      return xerialSnappy(await optional(name, 'snappy', () => import('snappy')))
    case 'lz4': {
      const { compressFrame, decompressFrame, decompressFrameSync } = await optional(
        name,
        'lz4-napi',
        () => import('lz4-napi'),
      )
      return {
        compress: (bytes) => compressFrame(bytes),
        expectedSize: (bytes) => lz4Frame(bytes).maxSize,
        async decompress(bytes, limit) {
          const { end, maxSize } = lz4Frame(bytes)
          if (maxSize > limit) return undefined
          const frame = bytes.subarray(0, end)
          return maxSize > THREAD_BYTES ? decompressFrameSync(frame) : decompressFrame(frame)
        },
      }
    }
    case 'zstd':
      return zstdOfNode() ?? (await zstdOfPackage())
  }
}

/** The part of node:zlib that exists since Node 22.15. The types are those of the oldest Node. */
interface Zstd {
  readonly zstdCompress?: typeof gzip
  readonly zstdDecompress?: (
    bytes: Buffer,
    options: ZlibOptions,
    callback: (error: NodeJS.ErrnoException | null, plain: Buffer) => void,
  ) => void
}

function zstdOfNode(): CompressionCodec | undefined {
  const { zstdCompress, zstdDecompress } = zlib as Zstd
  if (!zstdCompress || !zstdDecompress) return undefined
  return {
    compress: promisify(zstdCompress),
    expectedSize: maxZstdSize,
    decompress: (bytes, limit) =>
      new Promise((resolve, reject) => {
        zstdDecompress(bytes, { maxOutputLength: Math.max(1, limit) }, (error, plain) => {
          if (error?.code === 'ERR_BUFFER_TOO_LARGE') resolve(undefined)
          else if (error) reject(error)
          else resolve(plain)
        })
      }),
  }
}

/** Zstd by the package, which has no limit: it does not get bytes whose blocks could exceed the limit. */
async function zstdOfPackage(): Promise<CompressionCodec> {
  const name = '@toondepauw/node-zstd'
  const { Decoder, Encoder } = await optional('zstd', name, () => import('@toondepauw/node-zstd'))
  return {
    compress: (bytes) => new Encoder(ZSTD_LEVEL).encode(bytes),
    expectedSize: maxZstdSize,
    decompress: async (bytes, limit) => (maxZstdSize(bytes) > limit ? undefined : new Decoder().decode(bytes)),
  }
}

/** The default of Java's clients. */
const ZSTD_LEVEL = 3

async function optional<T>(compression: Compression, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new SnapstreamError(
      'UNSUPPORTED',
      `${compression} needs the package ${name}, which could not be loaded: npm install ${name}`,
      { cause },
    )
  }
}
