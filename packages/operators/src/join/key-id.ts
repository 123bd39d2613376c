/** The identity of a key in a map: keys as they are, and a text for bytes. Text keys that could be mistaken for it are marked. */
export type KeyId = string | number | boolean | bigint

const BYTES = '\u0000b'
const TEXT = '\u0000t'

/** The id of a key. */
export function keyId(key: string | number | boolean | bigint | Uint8Array): KeyId {
  if (typeof key === 'string') return key.startsWith('\u0000') ? TEXT + key : key
  if (typeof key !== 'object') return key
  return BYTES + Array.from(key, (byte) => String.fromCharCode(byte)).join('')
}
