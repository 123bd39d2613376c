/**
 * A text as UTF-8, in at most so many bytes: one that is longer is cut between two characters and ends with `…` and how
 * long it was, as in `… (123456 bytes)`. Lone surrogates, which UTF-8 does not have, become U+FFFD.
 */
export function cutText(text: string, maxBytes: number): Uint8Array {
  const whole = Buffer.from(text, 'utf8')
  if (whole.length <= maxBytes) return whole
  const tail = Buffer.from(`… (${whole.length} bytes)`, 'utf8')
  let end = Math.max(0, maxBytes - tail.length)
  // A byte that begins with 10 goes on with the character before it.
  while (end > 0 && ((whole[end] ?? 0) & 0xc0) === 0x80) end--
  return Buffer.concat([whole.subarray(0, end), tail])
}
