/** Compresses and decompresses the records of a batch. */
export interface CompressionCodec {
  compress(bytes: Buffer): Promise<Uint8Array>
  /**
   * An estimate of the decompressed size, in bytes, without decompressing. It is too high where the size is not known, and
   * too low only where the bytes state a wrong size. Throws for bytes that this codec did not make.
   */
  expectedSize(bytes: Buffer): number
  /**
   * Resolves with undefined where the result would have more than `limit` bytes, without taking much more memory than that.
   * Rejects for bytes that this codec did not make.
   */
  decompress(bytes: Buffer, limit: number): Promise<Uint8Array | undefined>
}

/**
 * lz4-napi and snappy never return memory to the system that they took in another thread, if it is larger than this. Larger
 * batches are decompressed in this thread, at one to two gigabytes a second.
 */
export const THREAD_BYTES = 1 << 20
