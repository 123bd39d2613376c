import { styleText } from 'node:util'
import { forLine, forTerminal, jsonForTerminal } from '../for-terminal.ts'
import type { Io } from '../io.ts'

/** A part of the output. With `oneLine` it stays on its line on a terminal, whatever characters it has. */
export type Piece =
  | string
  | { readonly text: string; readonly style?: 'dim' | 'cyan' | 'red' | undefined; readonly oneLine?: boolean }

/**
 * Writes to standard output, many pieces at a time. All output goes through it: on a terminal it escapes control characters,
 * and adds colours afterwards. Output to a pipe or a file is written as it is.
 */
export interface Printer {
  /** Returns a promise while the stream is full: wait for it before the next write. */
  write(...pieces: readonly Piece[]): void | Promise<void>
  /** Resolves when all output is written, or the reader has gone. */
  end(): Promise<void>
  /** Aborted when the reader has gone (`| head`), and by Ctrl-C. */
  readonly signal: AbortSignal
  /** Whether the reader has gone. */
  readonly isBroken: boolean
}

const PIECE_CHARACTERS = 16_384

/** @param json lines of JSON are written, so control characters become escapes of JSON */
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

/** A line that begins with `>>> label:`. */
export function labelled(label: string, text: string, style?: 'red'): readonly Piece[] {
  return [{ text: `>>> ${label}:`, style: 'cyan' }, { text: text === '' ? '' : ` ${text}`, style, oneLine: true }, '\n']
}

/** Colours are for terminals, unless `NO_COLOR` is set; `FORCE_COLOR` adds them everywhere. */
function renderer(isTerminal: boolean, json: boolean, env: Io['env']): (piece: Piece) => string {
  const forced = env['FORCE_COLOR']
  const colours = forced === undefined ? isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb' : forced !== '0'
  const safe = json ? jsonForTerminal : forTerminal
  return (piece) => {
    if (typeof piece === 'string') return isTerminal ? safe(piece) : piece
    const { text, style, oneLine } = piece
    const shown = isTerminal ? (oneLine && !json ? forLine : safe)(text) : text
    // `isTerminal` was read from the stream of the output; styleText would ask process.stdout.
    return colours && style !== undefined ? styleText(style, shown, { validateStream: false }) : shown
  }
}
