import { AbstractChainedBatch } from 'abstract-level'
import type { EncodedKey } from './key-format.ts'
import type { LmdbLevel, Operation } from './lmdb-level.ts'

/**
 * Keeps of each operation what is written. That of abstract-level itself keeps whole operations with their options, which
 * makes a batch take half as long again.
 */
export class LmdbChainedBatch<K, V> extends AbstractChainedBatch<LmdbLevel<K, V>, K, V> {
  #operations: Operation[] = []

  _put(key: EncodedKey, value: string | Uint8Array): void {
    this.#operations.push({ type: 'put', key, value })
  }

  _del(key: EncodedKey): void {
    this.#operations.push({ type: 'del', key, value: '' })
  }

  _clear(): void {
    this.#operations = []
  }

  async _write(): Promise<void> {
    await this.db._batch(this.#operations)
  }
}
