import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { kafkajs } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import type { Io } from '../io.ts'
import { usage } from '../usage.ts'

const KAFKATS = '@snapstream/kafkats'

/** The driver of this name; undefined stands for the default. Throws `USAGE` for one that there is not. */
export async function loadDriver(name: string | undefined, io: Pick<Io, 'cwd'>): Promise<Driver | undefined> {
  if (name === undefined) return undefined
  if (name === 'kafkajs') return kafkajs()
  if (name === 'kafkats') return loadKafkats(io.cwd)
  throw usage(`there is no driver ${JSON.stringify(name)}; there are kafkajs and kafkats`)
}

/** It is no dependency, as few need it: it is taken from beside this command, or from the project it is run in. */
async function loadKafkats(cwd: string): Promise<Driver> {
  const failures: unknown[] = []
  for (const from of [import.meta.url, pathToFileURL(join(cwd, 'package.json'))])
    try {
      const path = createRequire(from).resolve(KAFKATS)
      const { kafkats } = (await import(pathToFileURL(path).href)) as { kafkats(): Driver }
      return kafkats()
    } catch (error) {
      failures.push(error)
    }
  throw usage(
    `the driver kafkats is not installed; install it beside this command: npm install ${KAFKATS}`,
    failures.at(-1),
  )
}
