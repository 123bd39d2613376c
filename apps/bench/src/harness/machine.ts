import { cpus, loadavg, totalmem } from 'node:os'
import process from 'node:process'
import { KAFKA_VERSION, findJava } from '@snapstream/services'
import { peerVersions } from '../peers/peer-versions.ts'
import type { Machine } from '../results.ts'
import { versionOf } from './version-of.ts'

export async function machine(): Promise<Machine> {
  const [cpu] = cpus()
  const java = await findJava()
  const others = {
    Java: java && (await versionOf(java, '-version')),
    Python: await versionOf('python3', '--version'),
    Go: await versionOf('go', 'version'),
  }
  return {
    processor: cpu?.model ?? 'unknown processor',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
    system: process.platform,
    versions: {
      Node: process.versions.node,
      Kafka: KAFKA_VERSION,
      ...Object.fromEntries(Object.entries(others).filter(([, version]) => version)),
      ...peerVersions,
    },
  }
}
