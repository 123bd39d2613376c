import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createApp } from '@snapstream/core'
import { afterEach, describe, expect, test } from 'vitest'
import { Topic, replay } from '../index.ts'
import type { ReplayPlan } from './replay-worker.ts'

const brokers = process.env['KAFKA_BROKERS'] ?? ''
const conf = { brokers }
const SESSION_TIMEOUT_MS = 6000
const LETTERS = 1500

describe.skipIf(brokers === '')('replay over a real broker', () => {
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  /** Replays in a process of its own, and kills the process once it has sent `count` records. */
  async function replayUntilKilled(plan: ReplayPlan, count: number): Promise<void> {
    const worker = fileURLToPath(new URL('replay-worker.ts', import.meta.url))
    const args = ['--import', 'tsx', '--conditions=@snapstream/source', worker, JSON.stringify(plan)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    let dots = 0
    child.stdout.on('data', (chunk: Buffer) => {
      if ((dots += chunk.length) >= count) child.kill('SIGKILL')
    })
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
    expect(signal, 'the replay ended before the process was killed').toBe('SIGKILL')
  }

  test(
    'a replay that is killed repeatedly sends all dead letters, and duplicates only those that were not committed',
    { timeout: 90_000 },
    async () => {
      const name = `replayed-${randomUUID()}`
      const topic = Topic(name, { groupId: name, until: 'end', create: { partitions: 3 }, conf })
      const dead = Topic(`${name}.dead`, { groupId: `${name}.dead.replay`, create: { partitions: 3 }, conf })
      await topic.open()
      await Promise.all(Array.from({ length: LETTERS }, (_, i) => topic(`${i}`, { key: `${i}` })))
      await topic.close()
      const app = createApp()
      app.snap(topic, { onError: { deadLetter: dead } })(() => {
        throw new Error('no')
      })
      await app.stream()

      const sent = async () => {
        const values: string[] = []
        for await (const { value } of topic.slice()) values.push(value)
        // The records that were written before the replay.
        for (let i = 0; i < LETTERS; i++) values.splice(values.indexOf(`${i}`), 1)
        return values
      }
      const plan = { brokers, topic: dead.name, sessionTimeoutMs: SESSION_TIMEOUT_MS, whereMs: 5 }
      let uncommitted = 0
      let [before, from] = [0, 0]
      for (const count of [300, 700]) {
        await replayUntilKilled(plan, count)
        const now = (await sent()).length
        const committed = (await dead.committed()).reduce((sum, { offset }) => sum + offset, 0)
        uncommitted += now - before - (committed - from)
        before = now
        from = committed
      }
      const { sent: rest, left } = await replay(dead)
      expect([rest, left]).toEqual([LETTERS - from, 0])
      const values = await sent()
      expect(new Set(values).size).toBe(LETTERS)
      expect(values.length - LETTERS).toBe(uncommitted)
    },
  )
})
