import process from 'node:process'

/** For a command without options: whether it was asked for help, which is shown then. Ends the process for anything else. */
export function onlyHelp(text) {
  const args = process.argv.slice(2)
  if (args.length === 0) return false
  if (args.every((arg) => arg === '--help' || arg === '-h')) {
    console.log(text)
    return true
  }
  console.error(`unknown: ${args.join(' ')}\n${text}`)
  process.exit(2)
}
