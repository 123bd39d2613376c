/** Compresses and decompresses the records of a batch. */
export interface CompressionCodec {
  compress(bytes: Buffer): Promise<Uint8Array>
  /**
   * Estimates the decompressed size, in bytes, without decompressing. The estimate is too high if the size is not known, and
   * too low only if the bytes state a wrong size. Throws for bytes that this codec did not make.
   */
  expectedSize(bytes: Buffer): number
  /**
   * Resolves with undefined if the result would have more than `limit` bytes, without using much more memory than that.
   * Rejects for bytes that this codec did not make.
   */
  decompress(bytes: Buffer, limit: number): Promise<Uint8Array | undefined>
}

/**
 * The size up to which other threads decompress, in bytes. lz4-napi and snappy never return larger memory that they allocate in
 * another thread to the system. This thread decompresses larger batches, at one to two gigabytes a second.
 */
export const THREAD_BYTES = 1 << 20
