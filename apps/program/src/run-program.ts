import { writeFile } from 'node:fs/promises'
import process from 'node:process'

/**
 * Runs a program with its command line. Prints the help if `parse` returns undefined. Prints an error after the name of the
 * program and sets the exit code to 1, unless a signal has set it.
 */
export async function runProgram<O>(
  name: string,
  {
    help,
    parse,
    main,
  }: {
    readonly help: string
    parse(args: readonly string[]): O | undefined
    main(options: O): Promise<void>
  },
): Promise<void> {
  try {
    const options = parse(process.argv.slice(2))
    if (options === undefined) console.log(help)
    else await main(options)
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode ??= 1
  }
}

/** Writes a value as JSON to a file, or to stdout for `-`. Does nothing without a file. */
export async function writeJson(file: string | undefined, value: unknown): Promise<void> {
  const text = JSON.stringify(value, undefined, 2)
  if (file === '-') console.log(text)
  else if (file !== undefined) await writeFile(file, `${text}\n`)
}
