import { existsSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { findJava } from '../java.mjs'
import { knownBrokers } from './kafka-answers.mjs'
import { startKafkaCluster } from './kafka-cluster.mjs'
import { isAlive } from '../process/process.mjs'

// Where the tests run on Docker's broker there may be no Java.
test.skipIf(!(await findJava()))(
  'three nodes go on without one of them, and leave nothing behind',
  async () => {
    const cluster = await startKafkaCluster()
    const nodes = [...cluster.nodes.values()]
    try {
      expect([...cluster.nodes.keys()]).toEqual([1, 2, 3])
      expect(cluster.brokers).toBe(nodes.map(({ brokers }) => brokers).join(','))
      const [first, ...others] = nodes
      const known = () => Promise.all(others.map(({ brokers }) => knownBrokers(brokers)))
      await first.kill()
      await vi.waitFor(async () => expect(await known()).toEqual([2, 2]), { timeout: 30_000 })
      await first.restart()
      await vi.waitFor(async () => expect(await known()).toEqual([3, 3]), { timeout: 30_000 })
    } finally {
      await cluster.stop()
    }
    expect(nodes.map(({ pid, folder }) => [isAlive(pid), existsSync(folder)])).toEqual(nodes.map(() => [false, false]))
  },
  120_000,
)
