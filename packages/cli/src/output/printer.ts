import type { Io } from '../io.ts'

/** Writes to standard output, in pieces that are worth a system call. */
interface Printer {
  /** A promise means: full, wait. */
  write(text: string): void | Promise<void>
  /** Resolves when all of it is written, or nobody takes it any more. */
  end(): Promise<void>
  /** Aborted when whoever read it has gone (`| head`), or by Ctrl-C. */
  readonly signal: AbortSignal
  /** Whoever read it has gone. */
  readonly isBroken: boolean
  /** Whether people look at it, who can be shown colours. */
  readonly isTerminal: boolean
}

const PIECE_CHARACTERS = 16_384

export function createPrinter({ stdout, signal }: Pick<Io, 'stdout' | 'signal'>): Printer {
  const gone = new AbortController()
  let pending = ''
  let flushing = false
  let draining: Promise<void> | undefined
  let broken = false

  stdout.on('error', (error: NodeJS.ErrnoException) => {
    broken ||= error.code === 'EPIPE'
    gone.abort(error)
  })

  function flush(): void {
    flushing = false
    const piece = pending
    pending = ''
    if (piece === '' || gone.signal.aborted || stdout.write(piece)) return
    draining ??= new Promise((resolve) => {
      const done = () => {
        draining = undefined
        stdout.off('drain', done)
        gone.signal.removeEventListener('abort', done)
        resolve()
      }
      stdout.on('drain', done)
      gone.signal.addEventListener('abort', done)
    })
  }

  return {
    write(text) {
      pending += text
      if (pending.length >= PIECE_CHARACTERS) flush()
      else if (!flushing) {
        flushing = true
        setImmediate(flush)
      }
      return draining
    },
    async end() {
      await draining
      const piece = pending
      pending = ''
      if (!gone.signal.aborted) await new Promise<void>((resolve) => stdout.write(piece, () => resolve()))
      const { reason } = gone.signal as { readonly reason: unknown }
      if (gone.signal.aborted && !broken) throw reason
    },
    signal: AbortSignal.any([signal, gone.signal]),
    get isBroken() {
      return broken
    },
    isTerminal: stdout.isTTY === true,
  }
}
