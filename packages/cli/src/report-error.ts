import { SnapstreamError, toError } from '@snapstream/core'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { forLine } from './for-terminal.ts'
import type { Io } from './io.ts'

/** What an error quotes may be as long as a record. */
const MESSAGE_CHARACTERS = 4000

/** One line for people, and the stack where `DEBUG` is set. */
export function reportError(thrown: unknown, io: Pick<Io, 'stderr' | 'env'>): ExitCode {
  const error = toError(thrown)
  const code = SnapstreamError.is(error) ? error.code : undefined
  const shownCode = code === undefined || code === 'USAGE' ? '' : ` (${code})`
  io.stderr.write(`snapstream: ${forLine(cut(error.message))}${shownCode}\n`)
  if (io.env['DEBUG']) io.stderr.write(`${stacks(error)}\n`)
  return code === 'USAGE' ? EXIT.usage : EXIT.failure
}

function cut(message: string): string {
  return message.length > MESSAGE_CHARACTERS
    ? `${message.slice(0, MESSAGE_CHARACTERS)}… (${message.length} characters)`
    : message
}

function stacks(error: Error): string {
  const { cause, stack = error.message } = error
  return cause instanceof Error ? `${stack}\ncaused by ${stacks(cause)}` : stack
}
