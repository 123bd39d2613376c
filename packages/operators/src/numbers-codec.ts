import type { SyncCodec } from '@snapstream/core'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Lists of numbers, as JSON: for what operators keep beside the entries of the user. */
export const numbersCodec: SyncCodec<readonly number[]> = {
  encode: (numbers) => encoder.encode(JSON.stringify(numbers)),
  decode: (bytes) => JSON.parse(decoder.decode(bytes)) as readonly number[],
}
