import { toBase64 } from './show-bytes.ts'

/**
 * A decoded value as JSON, without loss: bytes become `{"base64":"..."}`, integers beyond what a number holds become
 * text, a Map becomes an object.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function replace(this: Record<string, unknown>, name: string, given: unknown) {
    // A Buffer has become something else by the time it is given.
    const original = name in this ? this[name] : given
    if (original instanceof Uint8Array) return { base64: toBase64(original) }
    if (typeof given === 'bigint') return Number.isSafeInteger(Number(given)) ? Number(given) : String(given)
    if (given instanceof Map) return Object.fromEntries(given) as unknown
    if (typeof given === 'number' && !Number.isFinite(given)) return String(given)
    return given
  })
}
