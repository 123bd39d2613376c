import type { Compression } from '../driver/driver.ts'
import { compressionCodec } from '../record-batch/compression.ts'
import { asBuffer } from '../wire/as-buffer.ts'
import type { Internals } from './internals.ts'

/** KafkaJS's numbers of the codecs, which are Kafka's. */
export const COMPRESSION_TYPES: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 }

/** Gives KafkaJS a codec to compress with, unless it has one: its own, or one that somebody gave it before. */
export async function useCodec({ codecs }: Pick<Internals, 'codecs'>, compression: Compression): Promise<void> {
  if (compression === 'none' || compression === 'gzip') return
  const type = COMPRESSION_TYPES[compression]
  try {
    // Those that are missing throw when they are asked for.
    codecs[type]?.()
    return
  } catch {
    const { compress, decompress } = await compressionCodec(compression)
    const codec = {
      compress: async (encoder: { readonly buffer: Buffer }) => asBuffer(await compress(encoder.buffer)),
      decompress: async (bytes: Buffer) => asBuffer(await decompress(bytes)),
    }
    codecs[type] = () => codec
  }
}
