import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeySpace } from '@snapstream/cache/storage'
import { createApp, platformHost } from '@snapstream/core'
import { Admin, Topic } from '@snapstream/kafka'
import { kafkats } from '@snapstream/kafkats'
import type { Arena } from '../../harness/arena.ts'
import { PARTITIONS } from '../../kafka/settings.ts'
import type { Trial } from '../../suite.ts'
import { keyOf, shuffled, valueOf } from '../cache/load.ts'

export const STORE = 'entries'

/** A changelog topic of a store, and the topic that feeds the store. */
export interface ChangelogLoad {
  readonly brokers: string
  /** The source topic of the store. */
  readonly topic: string
  readonly groupId: string
  /** The records of the changelog, each with a key of its own. */
  readonly records: number
  /** What the keys of the changelog begin with, before the keys of messages. */
  readonly keyPrefix: string
}

/** The further input of a contestant that restores the changelog. */
export interface Restoring {
  /** A folder for its state, removed after the run. */
  readonly folder: string
  /** The number of messages that it reads afterwards: the value of each is what the store has for its key. */
  readonly samples: number
}

const SAMPLES = 1000

/** Entry `n` of the changelog, in shuffled order. */
const entryOf = (n: number, records: number): readonly [key: string, value: string] => {
  const id = shuffled(n, records)
  return [keyOf(id), JSON.stringify(valueOf(id))]
}

/** A changelog of records with 100 bytes of JSON. The first call writes it. */
export function changelogLoad(arena: Arena, records: number): Promise<ChangelogLoad> {
  return arena.once(`changelog ${records}`, async () => {
    const brokers = await arena.brokers()
    const conf = { brokers, driver: kafkats() }
    const id = randomUUID()
    const [topic, groupId] = [`bench-${id}`, `bench-${id}`]
    await using admin = Admin(conf)
    await admin.createTopic(topic, { partitions: PARTITIONS })
    arena.log(`writing ${records} records of 100 bytes to a changelog with ${PARTITIONS} partitions`)
    const space = createKeySpace('')
    const changelog = await Topic(topic, { groupId, conf })['~snapstream.changelog']({
      store: STORE,
      sources: [Topic(topic, { groupId, conf })],
      host: platformHost(),
      scope: new Map(),
      signal: new AbortController().signal,
      trouble: (error) => arena.log(error.message),
      exactlyOnce: false,
      enabled: true,
      replicationFactor: undefined,
      retentionMs: undefined,
      standbys: 0,
      endpoint: undefined,
      held: () => new Map(),
      standby() {},
    })
    for (let n = 0; n < records; n++) {
      const [key, value] = entryOf(n, records)
      const full = changelog.send(changelog.partitionOfKey(key), space.forBatch(key), value)
      if (full !== undefined) await full
    }
    await changelog.flush()
    await changelog.close()
    return { brokers, topic, groupId, records, keyPrefix: String(space.forBatch('')) }
  })
}

/** Writes the messages that a contestant checks its store with. */
export async function restoreTrial({ brokers, topic, records }: ChangelogLoad): Promise<Trial> {
  const target = Topic(topic, { conf: { brokers, driver: kafkats() } })
  const samples = Math.min(SAMPLES, records)
  const app = createApp()
  app.snap(
    Array.from({ length: samples }, (_, i) => entryOf(Math.floor((i * records) / samples), records)),
    {
      sink: [target],
    },
  )((record) => record)
  await app.stream()
  const folder = await mkdtemp(join(tmpdir(), 'snapstream-bench-'))
  const input: Restoring = { folder, samples }
  return { input, end: () => rm(folder, { recursive: true, force: true }) }
}
