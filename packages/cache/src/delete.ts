/**
 * In place of a value: the entry is to be removed. `[key, DELETE]` in a sink does what `cache.del(key)` does.
 *
 * @example
 * snap(orders, { sink: [cache] })(({ value }) => [value.id, value.done ? DELETE : value])
 */
// Registered, so that two copies of this package in one process mean the same by it.
export const DELETE: unique symbol = Symbol.for('snapstream.delete')
