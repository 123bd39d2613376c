import { compareKeys } from '@snapstream/core/adapter'
import type { OperatorArea, OperatorKey, OperatorRange } from '@snapstream/core/adapter'
import type { Undoable } from './journal.ts'
import { copyKey, keyId } from './key-id.ts'

type Id = string | number | boolean
type Entry<K, V> = readonly [key: K, value: V]

/**
 * Entries in memory. `note`: is told of a change before it is made. `copy`: makes a copy of a value, so that nobody changes what
 * is kept.
 */
export function createMemoryArea<K extends OperatorKey, V>(
  note: (map: Undoable, id: unknown) => void,
  copy: (value: V) => V,
): OperatorArea<K, V> {
  const entries = new Map<Id, Entry<K, V>>()
  const map: Undoable = {
    current: (id) => entries.get(id as Id),
    restore(id, value) {
      if (value === undefined) entries.delete(id as Id)
      else entries.set(id as Id, value as Entry<K, V>)
    },
  }

  return {
    getSync(key) {
      const entry = entries.get(keyId(key))
      return entry === undefined ? undefined : copy(entry[1])
    },
    put(key, value) {
      const id = keyId(key)
      const kept = copy(value)
      note(map, id)
      entries.set(id, [copyKey(key), kept])
    },
    del(key) {
      const id = keyId(key)
      note(map, id)
      entries.delete(id)
    },
    async *entries({ gte, lt, prefix }: OperatorRange<K> = {}) {
      const isIn = ([key]: Entry<K, V>) =>
        (gte === undefined || compareKeys(key, gte) >= 0) &&
        (lt === undefined || compareKeys(key, lt) < 0) &&
        (prefix === undefined || (typeof key === 'string' && key.startsWith(prefix)))
      const found = [...entries.values()].filter(isIn).toSorted(([a], [b]) => compareKeys(a, b))
      for (const [key, value] of found) yield [key, copy(value)] as const
    },
  }
}
