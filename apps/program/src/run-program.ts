import { writeFile } from 'node:fs/promises'
import process from 'node:process'

/**
 * Runs a program by its command line: prints its help if `parse` returns undefined. An error is printed with the program's
 * name before it, and the exit code becomes 1 unless a signal has set it.
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

/** Writes a value as JSON to a file, to stdout for `-`, and nowhere without a file. */
export async function writeJson(file: string | undefined, value: unknown): Promise<void> {
  const text = JSON.stringify(value, undefined, 2)
  if (file === '-') console.log(text)
  else if (file !== undefined) await writeFile(file, `${text}\n`)
}
