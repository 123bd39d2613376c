/** How KafkaJS reads the answer of a broker. */
export interface KafkaDecoder {
  readonly buffer: Buffer
  readonly offset: number
  readArray(reader: (decoder: KafkaDecoder) => unknown): unknown
  readArrayAsync(reader: (decoder: KafkaDecoder) => unknown): Promise<unknown>
  readString(): unknown
  readBytes(byteLength?: number): unknown
}

const guarded = new WeakSet<object>()

/**
 * KafkaJS takes any count and any length that an answer names: forty bytes make it take 130 MB of memory, and a length below
 * zero lets it read the same bytes again and again. With this its decoder throws where there are fewer bytes than that, for
 * all that use KafkaJS in this process; an answer that is whole is read as before. KafkaJS has no other place for it.
 */
export function guardDecoder({ prototype }: { readonly prototype: KafkaDecoder }): void {
  if (guarded.has(prototype)) return
  guarded.add(prototype)
  const { readArray, readArrayAsync, readString, readBytes } = prototype
  Object.assign(prototype, {
    readArray(this: KafkaDecoder, reader: (decoder: KafkaDecoder) => unknown) {
      expect(this, 4, this.buffer.readInt32BE(this.offset))
      return readArray.call(this, reader)
    },
    async readArrayAsync(this: KafkaDecoder, reader: (decoder: KafkaDecoder) => unknown) {
      expect(this, 4, this.buffer.readInt32BE(this.offset))
      return readArrayAsync.call(this, reader)
    },
    readString(this: KafkaDecoder) {
      expect(this, 2, this.buffer.readInt16BE(this.offset))
      return readString.call(this)
    },
    readBytes(this: KafkaDecoder, byteLength?: number) {
      if (byteLength === undefined) expect(this, 4, this.buffer.readInt32BE(this.offset))
      else expect(this, 0, byteLength)
      return readBytes.call(this, byteLength)
    },
  })
}

/** -1 is null. Nothing that is counted has less than a byte. */
function expect({ buffer, offset }: KafkaDecoder, prefixBytes: number, size: number): void {
  const left = buffer.length - offset - prefixBytes
  if (size < -1 || size > left)
    throw new RangeError(`it announces ${size} at byte ${offset}, where ${left} bytes are left`)
}
