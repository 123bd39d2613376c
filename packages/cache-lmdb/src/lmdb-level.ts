import { AbstractLevel } from 'abstract-level'
import { IF_EXISTS } from 'lmdb'
import { fits, keyBytes, MAX_KEY_BYTES, ownValue, toFormat, type EncodedKey, type Stored } from './encoding.ts'
import type { Environment } from './environment.ts'
import { openFolder } from './folder.ts'
import { levelError, translateError, toLevelError } from './level-error.ts'
import { LmdbIterator, type IteratorOptions } from './lmdb-iterator.ts'
import { LmdbSnapshot } from './lmdb-snapshot.ts'
import type { LmdbLevelOpenOptions, LmdbLevelOptions } from './options.ts'
import { clearRange, type ClearOptions } from './range.ts'

interface ReadingOptions {
  readonly keyEncoding: string
  readonly valueEncoding: string
  readonly snapshot?: LmdbSnapshot
}

interface BatchOptions {
  /** The bytes of the key that has to exist. */
  readonly ifExists?: Uint8Array | undefined
}

type Operation =
  | { readonly type: 'put'; readonly key: EncodedKey; readonly value: string | Uint8Array }
  | { readonly type: 'del'; readonly key: EncodedKey }

/**
 * An abstract-level database over LMDB, in a folder.
 *
 * A write resolves when it is on disk, with `sync: true` or without. Writes of one turn of the event loop share a commit.
 * Keys have at most `MAX_KEY_BYTES` bytes: a longer one is refused with `LEVEL_INVALID_KEY`.
 *
 * @param location The folder, which is created if it does not exist. Throws a `TypeError` for an empty string.
 *
 * @example
 * const db = new LmdbLevel('db/totals')
 * await db.put('a', '1')
 * db.getSync('a') // '1'
 */
export class LmdbLevel<KDefault = string, VDefault = string> extends AbstractLevel<
  string | Buffer | Uint8Array,
  KDefault,
  VDefault
> {
  /** The folder, as it was given to the constructor. */
  readonly location: string
  /** The longest key that can be written, in bytes. */
  readonly maxKeyBytes: number = MAX_KEY_BYTES
  /**
   * Whether `batch` and chained batches take the option `ifExists`, the bytes of a key. If that key does not exist in the
   * transaction of the batch, nothing is written, and the batch rejects with `LEVEL_CONFLICT`.
   */
  readonly conditionalBatches: boolean = true
  #environment: Environment | undefined
  #isReadOnly = false

  /** Opens the database in the next turn of the event loop, unless `open` or another method does so before. */
  constructor(location: string, options?: LmdbLevelOptions<KDefault, VDefault>) {
    if (typeof location !== 'string' || location === '')
      throw new TypeError(
        `LmdbLevel takes a folder, expected a string that is not empty, got ${location === '' ? 'an empty string' : typeof location}`,
      )
    const manifest = {
      encodings: { buffer: true, utf8: true },
      has: true,
      getSync: true,
      createIfMissing: true,
      errorIfExists: true,
      explicitSnapshots: true,
    }
    super(manifest, options)
    this.location = location
  }

  async _open(options: LmdbLevelOpenOptions): Promise<void> {
    this.#isReadOnly = options.readOnly === true
    this.#environment = await openFolder(this.location, options)
  }

  async _close(): Promise<void> {
    await this.#environment?.close()
    this.#environment = undefined
  }

  async _put(key: EncodedKey, value: string | Uint8Array): Promise<void> {
    this.#checkKey(key)
    await this.#write((environment) => environment.put(key, ownValue(value)))
  }

  async _del(key: EncodedKey): Promise<void> {
    if (fits(key)) await this.#write((environment) => environment.remove(key))
  }

  async _batch(operations: readonly Operation[], { ifExists }: BatchOptions = {}): Promise<void> {
    // All keys are checked first: lmdb writes the operations that it was given before an error.
    for (const { type, key } of operations) if (type === 'put') this.#checkKey(key)
    const isWritten = await this.#write((environment) => {
      const write = () => {
        for (const operation of operations) {
          if (operation.type === 'put') void environment.put(operation.key, ownValue(operation.value))
          else if (fits(operation.key)) void environment.remove(operation.key)
        }
      }
      return ifExists === undefined ? environment.batch(write) : environment.ifVersion(ifExists, IF_EXISTS, write)
    })
    if (ifExists === undefined || isWritten === true) return
    throw levelError(
      'LEVEL_CONFLICT',
      `the LMDB database ${JSON.stringify(this.location)} wrote nothing of a batch of ${operations.length}, as the key in its option ifExists does not exist`,
    )
  }

  async _clear(options: ClearOptions): Promise<void> {
    await this.#write((environment) => clearRange(environment, options))
  }

  async _get(key: EncodedKey, options: ReadingOptions): Promise<Stored | undefined> {
    return this._getSync(key, options)
  }

  _getSync(key: EncodedKey, { valueEncoding, snapshot }: ReadingOptions): Stored | undefined {
    if (!fits(key)) return undefined
    try {
      if (valueEncoding === 'utf8') return this.#environment!.getString(key, snapshot?.reading)
      const bytes = this.#environment!.getBinary(key, snapshot?.reading)
      return bytes === undefined ? undefined : toFormat(bytes, valueEncoding)
    } catch (error) {
      throw toLevelError(error, this.location, 'reading')
    }
  }

  async _getMany(keys: readonly EncodedKey[], options: ReadingOptions): Promise<(Stored | undefined)[]> {
    return keys.map((key) => this._getSync(key, options))
  }

  async _has(key: EncodedKey, { snapshot }: ReadingOptions): Promise<boolean> {
    try {
      return fits(key) && this.#environment!.doesExist(key, undefined, snapshot?.reading)
    } catch (error) {
      throw toLevelError(error, this.location, 'reading')
    }
  }

  async _hasMany(keys: readonly EncodedKey[], options: ReadingOptions): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this._has(key, options)))
  }

  _iterator(options: IteratorOptions): LmdbIterator<KDefault, VDefault> {
    return new LmdbIterator(this, this.#environment!, options)
  }

  _snapshot(options: object): LmdbSnapshot {
    return new LmdbSnapshot(this.#environment!, options)
  }

  #checkKey(key: EncodedKey): void {
    if (fits(key)) return
    throw levelError(
      'LEVEL_INVALID_KEY',
      `a key in the LMDB database ${JSON.stringify(this.location)} has at most ${MAX_KEY_BYTES} bytes, got one of ${keyBytes(key)}; shorten it, or put a hash in its place`,
    )
  }

  async #write(write: (environment: Environment) => Promise<unknown>): Promise<unknown> {
    if (this.#isReadOnly)
      throw levelError(
        'LEVEL_NOT_SUPPORTED',
        `the LMDB database ${JSON.stringify(this.location)} was opened with readOnly and cannot be written; open it without the option`,
      )
    try {
      return await write(this.#environment!)
    } catch (error) {
      throw await translateError(error, this.location, 'writing')
    }
  }
}
