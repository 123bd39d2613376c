import { Buffer } from 'node:buffer'

const SLAB_BYTES = 16 * 1024
/** Larger values, where there is no room left, get a slab of their own. */
const SMALL_BYTES = SLAB_BYTES / 8

/**
 * Memory that small values are written into, one after the other, as Node does for its own small Buffers: a block of
 * memory for each takes longer than to write it. Whoever keeps a value keeps the slab.
 */
export class Slab {
  buffer: Buffer
  /** Where the next value begins. */
  pos = 0

  constructor(length: number = SLAB_BYTES) {
    this.buffer = Buffer.allocUnsafeSlow(length)
  }

  /** Where a value of this length has room: here, on new memory if need be, or in a slab of its own. */
  withRoom(length: number): Slab {
    if (this.pos + length <= this.buffer.length) return this
    if (length > SMALL_BYTES) return new Slab(length)
    this.buffer = Buffer.allocUnsafeSlow(SLAB_BYTES)
    this.pos = 0
    return this
  }

  /** What was written from `pos` to `end`. */
  take(end: number): Buffer {
    const bytes = this.buffer.subarray(this.pos, end)
    this.pos = end
    return bytes
  }
}
