import { open, type RootDatabase, type Transaction } from 'lmdb'
import { KEY_ENCODER, type EncodedKey } from './key-format.ts'

/** What is used of a database of `lmdb`, whose own types leave out half of it. */
export interface Environment extends Pick<
  RootDatabase<Uint8Array, string | Uint8Array>,
  'batch' | 'clearAsync' | 'close' | 'getRange' | 'getStats' | 'remove' | 'useReadTransaction'
> {
  getBinary(key: EncodedKey, options?: ReadOptions): Uint8Array | undefined
  getString(key: EncodedKey, options?: ReadOptions): string | undefined
  doesExist(key: EncodedKey, value: undefined, options?: ReadOptions): boolean
  put(key: EncodedKey, value: string | Uint8Array): Promise<boolean>
}

/** The snapshot that is read, if it is not the newest. */
export interface ReadOptions {
  readonly transaction: Transaction
}

export interface EnvironmentOptions {
  readonly readOnly: boolean
  readonly maxReaders: number
}

/** Throws what LMDB says of the files in this folder, which has to exist. */
export function openEnvironment(folder: string, { readOnly, maxReaders }: EnvironmentOptions): Environment {
  const options = {
    path: folder,
    noSubdir: false,
    encoding: 'binary' as const,
    keyEncoder: KEY_ENCODER,
    // A commit is on the disk before anybody sees it: what is visible was never taken back by a crash.
    overlappingSync: false,
    readOnly,
    maxReaders,
  }
  return open<Uint8Array, string | Uint8Array>(options) as unknown as Environment
}
