/**
 * The key by which records are kept in order, with `concurrency`. A key that a codec made is a new object each time: what
 * it says is what counts.
 */
export function recordKey({ key }: { readonly key: unknown }): unknown {
  if (typeof key !== 'object' || key === null || key instanceof Uint8Array) return key
  return JSON.stringify(key, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))
}
