// Started beside a broker with a pipe as its standard input: when the owner is gone, however it went, the pipe closes.
// Then the broker ends and its folder goes.
import { rmSync } from 'node:fs'
import process from 'node:process'
import { endProcess } from './process.mjs'

const [pid, folder] = process.argv.slice(2)
process.stdin.resume()
process.stdin.once('end', async () => {
  await endProcess(Number(pid), 'SIGKILL', 10_000)
  rmSync(folder, { recursive: true, force: true })
  process.exit()
})
