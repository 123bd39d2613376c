import { AbstractIterator, type AbstractIteratorOptions, type AbstractLevel } from 'abstract-level'
import { toFormat, type EncodedKey, type Stored } from './encoding.ts'
import type { Environment, ReadOptions } from './environment.ts'
import type { LmdbSnapshot } from './lmdb-snapshot.ts'
import { isEmpty, keyRange, rangeFrom, readRange } from './range.ts'
import type { KeyRange, RangeBounds, RawEntry } from './range.ts'

type Database<K, V> = AbstractLevel<string | Buffer | Uint8Array, K, V>

type Item = [key: Stored | undefined, value: Stored | undefined]

/** The options of an iterator as abstract-level passes them on. */
export interface IteratorOptions extends RangeBounds {
  /** Whether the last key comes first. */
  readonly reverse: boolean
  /** Whether entries have their keys. */
  readonly keys: boolean
  /** Whether entries have their values. */
  readonly values: boolean
  /** The format of keys: `'utf8'`, `'buffer'` or `'view'`. */
  readonly keyEncoding: string
  /** The format of values: `'utf8'`, `'buffer'` or `'view'`. */
  readonly valueEncoding: string
  /** The snapshot to read from. Default: one of the moment at which the iterator is created. */
  readonly snapshot?: LmdbSnapshot
}

/** Reads entries of a snapshot in the order of keys. */
export class LmdbIterator<K, V> extends AbstractIterator<Database<K, V>, K, V> {
  readonly #environment: Environment
  readonly #options: IteratorOptions
  readonly #range: KeyRange
  readonly #reading: ReadOptions
  #entries: Iterator<RawEntry>

  constructor(db: Database<K, V>, environment: Environment, options: IteratorOptions) {
    super(db, options as unknown as AbstractIteratorOptions<K, V>)
    this.#environment = environment
    this.#options = options
    this.#range = keyRange(options)
    this.#reading = options.snapshot?.reading ?? { transaction: environment.useReadTransaction() }
    this.#entries = this.#read(this.#range)
  }

  async _next(): Promise<Item | undefined> {
    const next = this.#entries.next()
    return next.done === true ? undefined : this.#toItem(next.value)
  }

  async _nextv(size: number): Promise<Item[]> {
    const items: Item[] = []
    while (items.length < size) {
      const next = this.#entries.next()
      if (next.done === true) break
      items.push(this.#toItem(next.value))
    }
    return items
  }

  _seek(target: EncodedKey): void {
    this.#entries.return?.()
    const rest = rangeFrom(this.#range, target, this.#options.reverse)
    this.#entries = rest === undefined ? [].values() : this.#read(rest)
  }

  async _close(): Promise<void> {
    this.#entries.return?.()
    if (this.#options.snapshot === undefined) this.#reading.transaction.done()
  }

  #read(range: KeyRange): Iterator<RawEntry> {
    if (isEmpty(range)) return [].values()
    const { reverse, values } = this.#options
    return readRange(this.#environment, range, { reverse, values, reading: this.#reading })
  }

  #toItem({ key, value }: RawEntry): Item {
    const { keys, values, keyEncoding, valueEncoding } = this.#options
    return [keys ? toFormat(key, keyEncoding) : undefined, values ? toFormat(value!, valueEncoding) : undefined]
  }
}
