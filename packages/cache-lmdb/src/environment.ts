import { open } from 'lmdb'
import { KEY_ENCODER, type EncodedKey } from './encoding.ts'

/**
 * The part of an `lmdb` database that is used here. lmdb's own types lack half of it, and a package whose types refer to
 * them does not compile with `skipLibCheck: false`.
 */
export interface Environment {
  batch(write: () => void): Promise<boolean>
  clearAsync(): Promise<void>
  close(): Promise<void>
  doesExist(key: EncodedKey, value: undefined, options?: ReadOptions): boolean
  getBinary(key: EncodedKey, options?: ReadOptions): Uint8Array | undefined
  getRange(options: object): Iterable<unknown>
  /** The same as `batch` if the key exists in the transaction; otherwise writes nothing and resolves with false. */
  ifVersion(key: EncodedKey, version: number, write: () => void): Promise<boolean>
  getString(key: EncodedKey, options?: ReadOptions): string | undefined
  put(key: EncodedKey, value: string | Uint8Array): Promise<boolean>
  remove(key: EncodedKey): Promise<boolean>
  useReadTransaction(): ReadTransaction
}

interface ReadTransaction {
  /** Ends the transaction. */
  done(): void
}

/** Reads from a transaction in place of the newest state. */
export interface ReadOptions {
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
