/**
 * Takes the place of a value in `[key, DELETE]`: the sink then removes the entry, as `cache.del(key)` does.
 *
 * @example
 * snap(orders, { sink: [cache] })(({ value }) => [value.id, value.done ? DELETE : value])
 */
// Registered, so that two copies of this package in one process share the symbol.
export const DELETE: unique symbol = Symbol.for('snapstream.delete')
