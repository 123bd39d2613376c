import { kafkajs } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import type { Io } from '../io.ts'
import { usage } from '../usage.ts'
import { loadBeside } from './load-beside.ts'

/** The driver of this name; undefined stands for the default. Throws `USAGE` for one that there is not. */
export async function loadDriver(name: string | undefined, io: Pick<Io, 'cwd' | 'env'>): Promise<Driver | undefined> {
  if (name === undefined) return undefined
  if (name === 'kafkajs') return kafkajs()
  if (name !== 'kafkats') throw usage(`there is no driver ${JSON.stringify(name)}; there are kafkajs and kafkats`)
  const loaded = await loadBeside<{ kafkats(): Driver }>('@snapstream/kafkats', 'the driver kafkats', io)
  return loaded.kafkats()
}
