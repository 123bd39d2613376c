/** Compresses and decompresses the records of a batch. */
export interface CompressionCodec {
  compress(bytes: Buffer): Promise<Uint8Array>
  /**
   * About what it becomes, in bytes, without decompressing it. More where that is not known, and less only where the bytes
   * lie about it. Throws for what is not of this codec.
   */
  expectedSize(bytes: Buffer): number
  /**
   * Undefined where that would be more than `limit` bytes; it takes little more memory than that to find out. Rejects for
   * what is not of this codec.
   */
  decompress(bytes: Buffer, limit: number): Promise<Uint8Array | undefined>
}

/**
 * What lz4-napi and snappy make in another thread they never give back to the system where it is larger: it is made here,
 * at one to two gigabytes a second.
 */
export const THREAD_BYTES = 1 << 20
