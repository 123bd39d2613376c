import { gunzip, gzip } from 'node:zlib'
import * as zlib from 'node:zlib'
import { promisify } from 'node:util'
import { SnapstreamError } from '@snapstream/core'
import type { Compression } from '../driver/driver.ts'
import { xerialSnappy } from './xerial-snappy.ts'

/** Compresses and decompresses the records of a batch. */
export interface CompressionCodec {
  compress(bytes: Buffer): Promise<Uint8Array>
  decompress(bytes: Buffer): Promise<Uint8Array>
}

/** By Kafka's number of the codec: the lowest three bits of a batch's attributes. */
export const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/**
 * The codec of that name, from node:zlib or from a package that is loaded when it is first used. Rejects with
 * `UNSUPPORTED`, naming the package, where that is not installed.
 */
export async function compressionCodec(name: Exclude<Compression, 'none'>): Promise<CompressionCodec> {
  switch (name) {
    case 'gzip':
      return { compress: promisify(gzip), decompress: promisify(gunzip) }
    case 'snappy':
      return xerialSnappy(await optional(name, 'snappy', () => import('snappy')))
    case 'lz4': {
      const { compressFrame, decompressFrame } = await optional(name, 'lz4-napi', () => import('lz4-napi'))
      return { compress: (bytes) => compressFrame(bytes), decompress: decompressFrame }
    }
    case 'zstd':
      return zstdOfNode() ?? (await zstdOfPackage())
  }
}

/** In Node since 22.15; the types are those of the oldest Node. */
interface Zstd {
  readonly zstdCompress?: typeof gzip
  readonly zstdDecompress?: typeof gunzip
}

function zstdOfNode(): CompressionCodec | undefined {
  const { zstdCompress, zstdDecompress } = zlib as Zstd
  if (!zstdCompress || !zstdDecompress) return undefined
  return { compress: promisify(zstdCompress), decompress: promisify(zstdDecompress) }
}

async function zstdOfPackage(): Promise<CompressionCodec> {
  const name = '@toondepauw/node-zstd'
  const { Decoder, Encoder } = await optional('zstd', name, () => import('@toondepauw/node-zstd'))
  return {
    compress: (bytes) => new Encoder(ZSTD_LEVEL).encode(bytes),
    decompress: (bytes) => new Decoder().decode(bytes),
  }
}

/** That of Java's clients. */
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
