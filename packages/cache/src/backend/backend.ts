import type { Buffer } from 'node:buffer'
import { mkdir, realpath } from 'node:fs/promises'
import type { AbstractChainedBatch, AbstractLevel } from 'abstract-level'
import { backendError } from './backend-error.ts'

/**
 * Any database of the abstract-level family, described by the members that all of them have. The type `AbstractLevel`
 * itself would accept or refuse its subclasses depending on the compiler's options.
 */
export interface AnyBackend {
  /** abstract-level's state of the database. */
  readonly status: 'opening' | 'open' | 'closing' | 'closed'
  /** abstract-level's manifest. */
  readonly supports: {
    /** Whether entries outlive the process. */
    readonly permanence: boolean
  }
  /** Opens the database. */
  open(): Promise<void>
  /** Closes the database. */
  close(): Promise<void>
  /** Begins a chained batch. */
  batch(): {
    /** Writes the batch. */
    write(): Promise<void>
  }
  /** Iterates over entries. */
  iterator(): {
    /** Resolves with the next entries, at most `size`; empty at the end. */
    nextv(size: number): Promise<unknown[]>
    /** Closes the iterator. */
    close(): Promise<void>
  }
}

/** The same database, with all of its methods. */
// oxlint-disable-next-line typescript/no-explicit-any -- its own key and value types do not matter: encodings are given
export type Backend = AbstractLevel<any, any, any>

// oxlint-disable-next-line typescript/no-explicit-any -- as in Backend
export type Batch = AbstractChainedBatch<any, any, any>

export interface OpenBackend {
  readonly db: Backend
  /** The folder of its files, if it has one. */
  readonly path: string | undefined
  close(): Promise<void>
}

/** Creates the folder if it does not exist. Returns its real path. */
export async function realFolder(folder: string, name: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true })
    return await realpath(folder)
  } catch (error) {
    throw backendError(error, name, `creating the folder ${folder}`)
  }
}

/** Releases only what is closed: a database that failed to close still has its folder. */
export async function closeAndRelease(db: Backend, name: string, release: () => void | Promise<void>): Promise<void> {
  try {
    await db.close()
  } catch (error) {
    throw backendError(error, name, 'closing')
  }
  await release()
}

// abstract-level copies the own properties of the options of each operation in a chained batch into a new object, and then
// sets the encodings on it. Setting a copied property takes V8 about 5 µs; the whole call otherwise takes 0.1 µs. Inherited
// options are read as well and not copied.
const inherited = <O extends object>(options: O): O => Object.create(options) as O

/** The options of `batch.del` for a key in bytes. */
export const DEL = inherited({ keyEncoding: 'buffer' } as const)
/** The options of `batch.put` for a value in bytes. */
export const PUT_BYTES = inherited({ keyEncoding: 'buffer', valueEncoding: 'buffer' } as const)
/** The options of `batch.put` for a value that is text. */
export const PUT_TEXT = inherited({ keyEncoding: 'buffer', valueEncoding: 'utf8' } as const)

const TEXT_KEY_DEL = inherited({ keyEncoding: 'utf8' } as const)
const TEXT_KEY_PUT_BYTES = inherited({ keyEncoding: 'utf8', valueEncoding: 'buffer' } as const)
const TEXT_KEY_PUT_TEXT = inherited({ keyEncoding: 'utf8', valueEncoding: 'utf8' } as const)

/** The options of `batch.del` for a key that is text or bytes. */
export const delOptions = (key: string | Buffer) => (typeof key === 'string' ? TEXT_KEY_DEL : DEL)

/** The options of `batch.put` for a key and a value that are text or bytes. */
export function putOptions(key: string | Buffer, isText: boolean) {
  if (typeof key === 'string') return isText ? TEXT_KEY_PUT_TEXT : TEXT_KEY_PUT_BYTES
  return isText ? PUT_TEXT : PUT_BYTES
}
