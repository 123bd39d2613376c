import process from 'node:process'
import { parseArgs } from 'node:util'

/**
 * The options of a command, as `parseArgs` of node:util describes and returns them. Prints the help and ends the process for
 * `--help`; ends it with code 2 for an unknown option.
 */
export function parseOptions(help, options = {}) {
  let values
  try {
    ;({ values } = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } }))
  } catch (error) {
    console.error(`${error.message}\n\n${help}`)
    process.exit(2)
  }
  if (!values.help) return values
  console.log(help)
  process.exit()
}
