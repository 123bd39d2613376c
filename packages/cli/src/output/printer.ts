import { styleText } from 'node:util'
import { forLine, forTerminal, jsonForTerminal } from '../for-terminal.ts'
import type { Io } from '../io.ts'

/** A part of the output. What is labelled stays on its line on a terminal, whatever it holds. */
export type Piece =
  | string
  | { readonly text: string; readonly style?: 'dim' | 'cyan' | 'red' | undefined; readonly oneLine?: boolean }

/**
 * Writes to standard output, in pieces that are worth a system call. All output goes through it: on a terminal it escapes
 * what would steer that, and colours are put on afterwards. What is piped is written as it is.
 */
export interface Printer {
  /** A promise means: full, wait. */
  write(...pieces: readonly Piece[]): void | Promise<void>
  /** Resolves when all of it is written, or nobody takes it any more. */
  end(): Promise<void>
  /** Aborted when the reader has gone (`| head`), or by Ctrl-C. */
  readonly signal: AbortSignal
  /** The reader has gone. */
  readonly isBroken: boolean
}

const PIECE_CHARACTERS = 16_384

/** @param json whether lines of JSON are written: their escapes are those of JSON */
export function createPrinter({ stdout, signal, env }: Pick<Io, 'stdout' | 'signal' | 'env'>, json = false): Printer {
  const gone = new AbortController()
  const render = renderer(stdout.isTTY === true, json, env)
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
    write(...pieces) {
      for (const piece of pieces) pending += render(piece)
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
  }
}

/** Colours on a terminal only, and not where `NO_COLOR` is set; `FORCE_COLOR` has them everywhere. */
function renderer(isTerminal: boolean, json: boolean, env: Io['env']): (piece: Piece) => string {
  const forced = env['FORCE_COLOR']
  const colours = forced === undefined ? isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb' : forced !== '0'
  const safe = json ? jsonForTerminal : forTerminal
  return (piece) => {
    if (typeof piece === 'string') return isTerminal ? safe(piece) : piece
    const { text, style, oneLine } = piece
    const shown = isTerminal ? (oneLine && !json ? forLine : safe)(text) : text
    // Whether it is a terminal was asked of the stream that is written to.
    return colours && style !== undefined ? styleText(style, shown, { validateStream: false }) : shown
  }
}
