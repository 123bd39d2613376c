import { mkdir, realpath } from 'node:fs/promises'
import type { AbstractChainedBatch, AbstractLevel } from 'abstract-level'
import { backendError } from './backend-error.ts'

/**
 * Any database of the abstract-level family, described by the members that all of them have. The type `AbstractLevel`
 * itself would accept or refuse its subclasses depending on the compiler's options.
 */
export interface AnyBackend {
  readonly status: 'opening' | 'open' | 'closing' | 'closed'
  readonly supports: { readonly permanence: boolean }
  open(): Promise<void>
  close(): Promise<void>
  batch(): { write(): Promise<void> }
  iterator(): { nextv(size: number): Promise<unknown[]>; close(): Promise<void> }
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
