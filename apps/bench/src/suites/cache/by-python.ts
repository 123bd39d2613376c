import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pythonCodecsCommand } from '@snapstream/services'
import { READINGS, inFolder, type CacheInput } from './load.ts'

const program = fileURLToPath(new URL('by_python.py', import.meta.url))

/** The Cache of the Python library snapstream, in its own process; Python does the timing. `syncs`: how often it does that. */
export const byPython =
  (what: 'write' | 'read', syncs = 0) =>
  (input: CacheInput) =>
    inFolder(async (folder) => {
      const [command, ...args] = await pythonCodecsCommand(program)
      const { entries } = input
      const counts = [entries, entries * READINGS, syncs].map(String)
      const { stdout } = await promisify(execFile)(command, [...args, what, folder, ...counts])
      const rate = Number(stdout.trim().split('\n').at(-1))
      if (!Number.isFinite(rate)) throw new Error(`Python answered with ${stdout}`)
      const messages = what === 'write' ? entries : entries * READINGS
      return { messages, ms: (messages / rate) * 1000 }
    })
