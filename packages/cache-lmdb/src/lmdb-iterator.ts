import { AbstractIterator, type AbstractIteratorOptions } from 'abstract-level'
import type { Environment, ReadOptions } from './environment.ts'
import type { EncodedKey } from './key-format.ts'
import { isEmpty, keyRange, rangeFrom, type KeyRange, type RangeBounds } from './key-range.ts'
import type { LmdbLevel } from './lmdb-level.ts'
import type { LmdbSnapshot } from './lmdb-snapshot.ts'
import { readRange, type RawEntry } from './read-range.ts'
import { toFormat, type Stored } from './value-format.ts'

type Item = [key: Stored | undefined, value: Stored | undefined]

/** What abstract-level makes of the options of an iterator. */
export interface IteratorOptions extends RangeBounds {
  readonly reverse: boolean
  readonly keys: boolean
  readonly values: boolean
  readonly keyEncoding: string
  readonly valueEncoding: string
  readonly snapshot?: LmdbSnapshot
}

/** Reads in the order of keys, from a snapshot of the moment when it was made or from one that it was given. */
export class LmdbIterator<K, V> extends AbstractIterator<LmdbLevel<K, V>, K, V> {
  readonly #environment: Environment
  readonly #options: IteratorOptions
  readonly #range: KeyRange
  readonly #reading: ReadOptions
  #entries: Iterator<RawEntry>

  constructor(db: LmdbLevel<K, V>, environment: Environment, options: IteratorOptions) {
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
