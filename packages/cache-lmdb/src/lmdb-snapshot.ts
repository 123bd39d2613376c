import { AbstractSnapshot } from 'abstract-level'
import type { Environment, ReadOptions } from './environment.ts'

/** The state of the database when the snapshot was taken. LMDB reuses none of its pages until it is closed. */
export class LmdbSnapshot extends AbstractSnapshot {
  readonly reading: ReadOptions

  constructor(environment: Environment, options: object) {
    // @ts-expect-error -- the types of abstract-level leave out the constructor, which is for authors of databases
    super(options)
    this.reading = { transaction: environment.useReadTransaction() }
  }

  async _close(): Promise<void> {
    this.reading.transaction.done()
  }
}
