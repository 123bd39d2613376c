import { randomBytes } from 'node:crypto'

/** A new id as Kafka takes it: 16 bytes as text, which must not begin with a hyphen, or it is read as an option. */
export function clusterId() {
  const bytes = randomBytes(16)
  bytes[0] &= 0x7f
  return bytes.toString('base64url')
}
