import { rmSync } from 'node:fs'
import { endProcess, stopProcess } from './process.mjs'

/**
 * Starts a service in a folder of its own, and resolves with `pid`, `kill`, `restart` and `stop`. `stop` also removes the
 * folder, and so does a failed start. `start` resolves with the result of `launch`.
 */
export async function runningService({ what, folder, prepare = async () => {}, start }) {
  let running
  try {
    await prepare()
    running = await start()
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  return {
    folder,
    get pid() {
      return running.pid
    },
    async kill(signal = 'SIGKILL') {
      if (!(await endProcess(running.pid, signal, 30_000)))
        throw new Error(`${what} (process ${running.pid}) did not end 30 s after ${signal}`)
    },
    async restart() {
      await stopProcess(running.pid)
      running.release()
      running = await start()
    },
    async stop() {
      await stopProcess(running.pid)
      running.release()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
