const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES: ReadonlyMap<string, number> = new Map(Array.from(DIGITS, (digit, value) => [digit, value]))

/** Bytes as base64 with padding (RFC 4648). Node's `Buffer` is not there on every platform. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = [bytes[i], bytes[i + 1], bytes[i + 2]]
    const bits = (a << 16) | (b << 8) | c
    text += DIGITS.charAt(bits >> 18) + DIGITS.charAt((bits >> 12) & 63)
    text += i + 1 < bytes.length ? DIGITS.charAt((bits >> 6) & 63) : '='
    text += i + 2 < bytes.length ? DIGITS.charAt(bits & 63) : '='
  }
  return text
}

/** The bytes of what `encodeBase64` wrote. */
export function decodeBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  for (let i = 0, at = 0; i < text.length; i += 4, at += 3) {
    let bits = 0
    for (let j = 0; j < 4; j++) bits = (bits << 6) | (VALUES.get(text.charAt(i + j)) ?? 0)
    // Bytes behind the end, which padding stands for, are ignored by the array.
    bytes[at] = bits >> 16
    bytes[at + 1] = (bits >> 8) & 255
    bytes[at + 2] = bits & 255
  }
  return bytes
}
