import { CommanderError } from 'commander'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { forTerminal } from './for-terminal.ts'
import type { Io } from './io.ts'
import { program } from './program.ts'

/** Runs the command in the arguments, and resolves with the exit code of the process. Never rejects. */
export async function runCommandLine(args: readonly string[], given: Io): Promise<ExitCode> {
  let ended: ExitCode = EXIT.ok
  const { isTTY = false } = given.stderr
  const io: Io = { ...given, stderr: { isTTY, write: (text) => given.stderr.write(forTerminal(text)) } }
  try {
    await program(io, (code) => (ended = code)).parseAsync([...args], { from: 'user' })
    return ended
  } catch (error) {
    // Commander has printed the error or the help.
    if (isOfCommander(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const { reportError } = await import('./report-error.ts')
    return reportError(error, io)
  }
}

/** Never throws: an error whose prototype throws is none of Commander's. */
function isOfCommander(thrown: unknown): thrown is CommanderError {
  try {
    return thrown instanceof CommanderError
  } catch {
    return false
  }
}
