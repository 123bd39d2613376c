import { Buffer } from 'node:buffer'

/**
 * What a cache keeps for itself lies behind all keys that people can have (their tags are in cache-key.ts): this byte, then
 * one for its kind. No read, range, view or count shows it.
 */
const RESERVED = 0xf0

/** Before all that is reserved. */
export const END_OF_KEYS = Buffer.from([RESERVED])

/** Positions of sources. */
export const POSITIONS = Buffer.from([RESERVED, 0x01])
