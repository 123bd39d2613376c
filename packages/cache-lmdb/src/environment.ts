import { open } from 'lmdb'
import { KEY_ENCODER, type EncodedKey } from './key-format.ts'

/**
 * What is used of a database of `lmdb`. Its own types leave out half of it, and those who check the types of what they
 * install (`skipLibCheck: false`) could not use what names them.
 */
export interface Environment {
  batch(write: () => void): Promise<boolean>
  clearAsync(): Promise<void>
  close(): Promise<void>
  doesExist(key: EncodedKey, value: undefined, options?: ReadOptions): boolean
  getBinary(key: EncodedKey, options?: ReadOptions): Uint8Array | undefined
  getRange(options: object): Iterable<unknown>
  /** The same as `batch`, where the key exists when it is its turn; otherwise nothing, and false. */
  ifVersion(key: EncodedKey, version: number, write: () => void): Promise<boolean>
  getString(key: EncodedKey, options?: ReadOptions): string | undefined
  put(key: EncodedKey, value: string | Uint8Array): Promise<boolean>
  remove(key: EncodedKey): Promise<boolean>
  useReadTransaction(): ReadTransaction
}

interface ReadTransaction {
  /** It is not needed any more. */
  done(): void
}

/** The snapshot that is read, if it is not the newest. */
export interface ReadOptions {
  readonly transaction: ReadTransaction
}

export interface EnvironmentOptions {
  readonly readOnly: boolean
  readonly maxReaders: number
}

/**
 * Of a new database; one that exists keeps its own. LMDB writes a page anew when anything in it changes: with 4 KiB, what
 * it takes by default, a batch in no order of keys takes a tenth longer, and one put or get as long.
 */
export const PAGE_BYTES = 8192

/** Throws what LMDB says of the files in this folder, which has to exist. */
export function openEnvironment(folder: string, { readOnly, maxReaders }: EnvironmentOptions): Environment {
  const options = {
    path: folder,
    noSubdir: false,
    encoding: 'binary' as const,
    keyEncoder: KEY_ENCODER,
    pageSize: PAGE_BYTES,
    // A commit is on the disk before anybody sees it: what is visible was never taken back by a crash.
    overlappingSync: false,
    // With it `lmdb` makes a promise for each turn that nobody has: a write that fails would end the process.
    eventTurnBatching: false,
    readOnly,
    maxReaders,
  }
  return open<Uint8Array, string | Uint8Array>(options) as unknown as Environment
}
