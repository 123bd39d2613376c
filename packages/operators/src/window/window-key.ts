import type { OperatorKey } from '@snapstream/core/adapter'

/**
 * The key under which the store of a window has an open window, for lookups: `page@60000`. Text stays as it is, unless it begins
 * with `#`, `!`, `~` or `\`, which are the signs of numbers, booleans, bytes (as hex) and of such text.
 *
 * @param key the key of the messages
 * @param start the start of the window, in ms since the epoch; 0 for windows by `count`
 *
 * @example
 * const found = await minutes.find(windowKey('home', 1767225600000))
 */
export function windowKey(key: OperatorKey, start: number): string {
  return `${textOf(key)}@${start}`
}

function textOf(key: OperatorKey): string {
  if (typeof key === 'string') return /^[#!~\\]/.test(key) ? `\\${key}` : key
  if (typeof key === 'number') return `#${key}`
  if (typeof key === 'boolean') return `!${key}`
  return `~${Array.from(key, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
