import type { Io } from '../io.ts'

/** A command that takes longer tells how far it is. */
const AFTER_MS = 2000

/** Reports progress on a terminal, from two seconds on, every two seconds. */
export interface Progress {
  /** @param of the total; undefined if it is not known */
  update(done: number, of?: number): void
}

/** @param verb `read`, as in `snapstream: read 1000 of 5000 records` */
export function createProgress({ stderr }: Pick<Io, 'stderr'>, verb: string, things: string): Progress {
  if (stderr.isTTY !== true) return { update() {} }
  let last = performance.now()
  return {
    update(done, of) {
      const now = performance.now()
      if (now - last < AFTER_MS) return
      last = now
      stderr.write(`snapstream: ${verb} ${done}${of === undefined ? '' : ` of ${of}`} ${things}\n`)
    },
  }
}
