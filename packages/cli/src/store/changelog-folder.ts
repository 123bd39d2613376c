import { Buffer } from 'node:buffer'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SnapstreamError } from '@snapstream/core'
import { changelogTopic, createStateFolder } from '@snapstream/state/inspect'
import type { StateFolder, WritableStateFolder } from '@snapstream/state/inspect'
import type { Io } from '../io.ts'
import { createProgress } from '../output/progress.ts'
import { applySettings } from '../settings/settings.ts'
import type { ConnectionFlags } from '../settings/settings.ts'
import { readTopic } from '../topic/read-topic.ts'
import { topicDetails } from '../topic/topic-details.ts'
import { usage } from '../usage.ts'
import { openGroupFolder } from './state-folders.ts'
import type { PlaceFlags } from './state-folders.ts'

/** The options of commands that read a store from its folder or its changelog. */
export interface SourceFlags extends PlaceFlags, ConnectionFlags {
  readonly changelog?: boolean
  readonly partition?: number
}

/** Opens the stores in the folder; or restores one from its changelog into a temporary folder, which `close` removes. */
export async function openStores(store: string, flags: SourceFlags, io: Io, signal: AbortSignal): Promise<StateFolder> {
  if (!flags.changelog) return openGroupFolder(flags, io)
  const { group } = flags
  if (group === undefined) throw usage('--changelog needs --group, which is part of the name of the topic')
  return restore(store, { ...flags, group }, io, signal)
}

async function restore(
  store: string,
  flags: SourceFlags & { readonly group: string },
  io: Io,
  signal: AbortSignal,
): Promise<StateFolder> {
  const { group, partition } = flags
  const topic = changelogTopic(group, store)
  await applySettings(flags, io, topic)
  const details = await changelogDetails(topic, store, partition)
  const path = await mkdtemp(join(tmpdir(), 'snapstream-store-'))
  let folder: WritableStateFolder | undefined
  const close = async () => {
    await folder?.close()
    await rm(path, { recursive: true, force: true })
  }
  try {
    const { add, flush, ...stores } = (folder = await createStateFolder(join(path, 'db'), group))
    const wanted = details.partitions.filter((one) => partition === undefined || one.partition === partition)
    const of = wanted.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0)
    const progress = createProgress(io, 'read', `records of ${topic}`)
    let done = 0
    await readTopic({ details, start: 'earliest', partition, signal }, ({ partition, key, value }) => {
      progress.update(++done, of)
      return key === null ? undefined : add(store, partition, Buffer.from(key), value)
    })
    await flush()
    return { ...stores, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function changelogDetails(topic: string, store: string, partition: number | undefined) {
  try {
    return await topicDetails(topic, partition)
  } catch (error) {
    if (!SnapstreamError.is(error) || error.code !== 'TOPIC_MISSING') throw error
    throw new SnapstreamError(
      'TOPIC_MISSING',
      `the store ${JSON.stringify(store)} has no changelog: the topic ${JSON.stringify(topic)} does not exist`,
      { topic, cause: error },
    )
  }
}
