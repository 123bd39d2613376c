// Runs beside a service. Its standard input is a pipe from the owner of the service. The pipe closes when the owner ends,
// also when it is killed: then the watchdog kills the service and removes its folder.
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
