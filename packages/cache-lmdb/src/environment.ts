import { open } from 'lmdb'
import { KEY_ENCODER, type EncodedKey } from './encoding.ts'

/**
 * The part of an `lmdb` database that is used here. lmdb's own types lack half of it, and a package whose types refer to
 * them does not compile with `skipLibCheck: false`.
 */
export interface Environment {
  /** Commits the writes of a function in one transaction. */
  batch(write: () => void): Promise<boolean>
  /** Deletes all entries. */
  clearAsync(): Promise<void>
  /** Closes the database after its pending writes. */
  close(): Promise<void>
  /** Whether the key exists. */
  doesExist(key: EncodedKey, value: undefined, options?: ReadOptions): boolean
  /** The value as bytes; undefined if the key does not exist. */
  getBinary(key: EncodedKey, options?: ReadOptions): Uint8Array | undefined
  /** The entries of a range, in the order of keys. */
  getRange(options: object): Iterable<unknown>
  /** The same as `batch` if the key exists in the transaction; otherwise writes nothing and resolves with false. */
  ifVersion(key: EncodedKey, version: number, write: () => void): Promise<boolean>
  /** The value as UTF-8 text; undefined if the key does not exist. */
  getString(key: EncodedKey, options?: ReadOptions): string | undefined
  /** Writes an entry. */
  put(key: EncodedKey, value: string | Uint8Array): Promise<boolean>
  /** Deletes an entry. */
  remove(key: EncodedKey): Promise<boolean>
  /** Begins a transaction that reads the state of this moment. */
  useReadTransaction(): ReadTransaction
}

interface ReadTransaction {
  /** Ends the transaction. */
  done(): void
}

/** The options of a read. */
export interface ReadOptions {
  /** The transaction to read from, in place of the newest state. */
  readonly transaction: ReadTransaction
}

export interface EnvironmentOptions {
  readonly readOnly: boolean
  readonly maxReaders: number
}

/**
 * The page size of a new database; an existing one keeps its own. LMDB rewrites a page when anything in it changes. With its
 * default of 4 KiB a batch in random order of keys takes a tenth longer, and a single put or get as long.
 */
export const PAGE_BYTES = 8192

/** Opens the files of an existing folder. Throws lmdb's errors. */
export function openEnvironment(folder: string, { readOnly, maxReaders }: EnvironmentOptions): Environment {
  const options = {
    path: folder,
    noSubdir: false,
    encoding: 'binary' as const,
    keyEncoder: KEY_ENCODER,
    pageSize: PAGE_BYTES,
    // A commit is on disk before readers see it: a crash never takes back a visible write.
    overlappingSync: false,
    // Otherwise `lmdb` makes a promise for each turn that no caller gets: a failed write would end the process.
    eventTurnBatching: false,
    readOnly,
    maxReaders,
  }
  return open<Uint8Array, string | Uint8Array>(options) as unknown as Environment
}
