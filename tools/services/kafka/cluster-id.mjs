import { randomBytes } from 'node:crypto'

/** A new cluster id: 16 bytes as text, which does not begin with a hyphen, as Kafka would read it as an option. */
export function clusterId() {
  const bytes = randomBytes(16)
  bytes[0] &= 0x7f
  return bytes.toString('base64url')
}
