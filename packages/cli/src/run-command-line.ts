import { CommanderError } from 'commander'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { forTerminal } from './for-terminal.ts'
import type { Io } from './io.ts'
import { program } from './program.ts'

/** Runs the command that the arguments name, and answers with the exit code of the process. Never rejects. */
export async function runCommandLine(args: readonly string[], given: Io): Promise<ExitCode> {
  let ended: ExitCode = EXIT.ok
  const io: Io = { ...given, stderr: { write: (text) => given.stderr.write(forTerminal(text)) } }
  try {
    await program(io, (code) => (ended = code)).parseAsync([...args], { from: 'user' })
    return ended
  } catch (error) {
    // Commander has said what is wrong, or was asked for help.
    if (isOfCommander(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const { reportError } = await import('./report-error.ts')
    return reportError(error, io)
  }
}

/** Never throws: what cannot be looked at is none. */
function isOfCommander(thrown: unknown): thrown is CommanderError {
  try {
    return thrown instanceof CommanderError
  } catch {
    return false
  }
}
