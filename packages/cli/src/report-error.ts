import { SnapstreamError, causesOf } from '@snapstream/core'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { forLine } from './for-terminal.ts'
import type { Io } from './io.ts'

/** An error may quote a whole record. */
const MESSAGE_CHARACTERS = 4000

/** Writes an error as one line, with its stack if `DEBUG` is set. Answers with the exit code. */
export function reportError(thrown: unknown, io: Pick<Io, 'stderr' | 'env'>): ExitCode {
  const causes = causesOf(thrown)
  const [{ message, code: given }] = causes
  const code = SnapstreamError.is(thrown) ? given : undefined
  const shownCode = code === undefined || code === 'USAGE' ? '' : ` (${code})`
  io.stderr.write(`snapstream: ${forLine(cut(message))}${shownCode}\n`)
  if (io.env['DEBUG']) io.stderr.write(`${causes.map(({ stack }) => stack).join('\ncaused by ')}\n`)
  return code === 'USAGE' ? EXIT.usage : EXIT.failure
}

function cut(message: string): string {
  return message.length > MESSAGE_CHARACTERS
    ? `${message.slice(0, MESSAGE_CHARACTERS)}… (${message.length} characters)`
    : message
}
