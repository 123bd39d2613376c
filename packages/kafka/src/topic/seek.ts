import { SnapstreamError } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { outOfRange } from '../driver/driver-error.ts'
import type { DriverAdmin, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { groupBy, partitionKey } from '../driver/topic-partition.ts'
import { expectOneTopic, expectOptions, expectPartition, expectPlace, expectTopic } from '../options/place.ts'
import type { SeekTo } from '../options/place.ts'
import { withAdmin } from '../driver/with-admin.ts'
import type { ControlledReader, TopicControl } from '../reading/topic-control.ts'
import type { TopicLifecycle } from './topic-lifecycle.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

export interface SeekOptions {
  /** @default all partitions that are read here now */
  readonly partition?: number
  /** Needed with `partition` where the Topic stands for several. @default all of them */
  readonly topic?: string
}

/** Lets those who read the topic now go on elsewhere; of several calls the last counts. */
export async function seekTopic(
  spec: TopicSpec,
  lifecycle: Pick<TopicLifecycle, 'current'>,
  control: TopicControl,
  to: SeekTo,
  options: SeekOptions = {},
): Promise<void> {
  expectPlace(spec, to)
  expectOptions(spec, options, ['partition', 'topic'])
  const { partition, topic } = options
  expectTopic(spec, topic)
  if (partition !== undefined) {
    expectPartition(spec, partition)
    expectOneTopic(spec, topic)
  }
  // Looking places up takes a while, for each its own.
  return control.inTurn(() => seekNow(spec, lifecycle, control, to, options))
}

async function seekNow(
  spec: TopicSpec,
  lifecycle: Pick<TopicLifecycle, 'current'>,
  control: TopicControl,
  to: SeekTo,
  options: SeekOptions,
): Promise<void> {
  const { partition, topic } = options
  const meant = (at: TopicPartition) =>
    (partition === undefined || at.partition === partition) && (topic === undefined || at.topic === topic)
  const read = () =>
    [...control.readers].flatMap((reader) =>
      reader
        .partitions()
        .filter(meant)
        .map((at) => [reader, at] as const),
    )

  const settings = lifecycle.current?.settings
  const chosen = read().map(([, at]) => at)
  if (settings === undefined || chosen.length === 0) throw notRead(spec, control, options)
  const places = await withAdmin(settings, (admin) => placesOf(admin, settings, chosen, to))
  // Partitions may have been given up meanwhile. All or none: from here on nothing is waited for.
  const targets = new Map<ControlledReader, TopicPartitionOffset[]>()
  const missing = new Set(places.keys())
  for (const [reader, at] of read()) {
    const offset = places.get(partitionKey(at))
    if (offset === undefined) continue
    missing.delete(partitionKey(at))
    targets.set(reader, [...(targets.get(reader) ?? []), { topic: at.topic, partition: at.partition, offset }])
  }
  if (missing.size > 0) throw notRead(spec, control, options)
  for (const [reader, offsets] of targets) reader.seek(offsets)
}

async function placesOf(
  admin: DriverAdmin,
  { consumer: { isolationLevel, onOffsetOutOfRange } }: ResolvedSettings,
  partitions: readonly TopicPartition[],
  to: SeekTo,
): Promise<ReadonlyMap<string, number>> {
  const places = new Map<string, number>()
  for (const [topic, of] of groupBy(partitions, (at) => at.topic)) {
    const at = typeof to === 'object' ? Number(to.timestamp) : typeof to === 'number' ? 'latest' : to
    const found = await admin.offsets(topic, at, isolationLevel)
    const earliest = await admin.offsets(topic, 'earliest')
    // An offset that is given may lie behind the start of an open transaction.
    const latest = typeof to === 'number' && to >= 0 ? await admin.offsets(topic, 'latest') : found
    for (const { partition } of of) {
      const [first, last] = [earliest[partition]?.offset ?? 0, latest[partition]?.offset ?? 0]
      let offset = found[partition]?.offset ?? 0
      if (typeof to === 'number') offset = to < 0 ? Math.max(first, last + to) : to
      if (typeof to === 'number' && onOffsetOutOfRange === 'error' && (offset < first || offset > last))
        throw outOfRange({ topic, partition, offset }, first, last)
      places.set(partitionKey({ topic, partition }), offset)
    }
  }
  return places
}

function notRead(spec: TopicSpec, { readers }: TopicControl, { topic, partition }: SeekOptions): SnapstreamError {
  const name = `the topic ${JSON.stringify(topic ?? spec.name)}`
  const owned = [...readers].flatMap((reader) => reader.partitions())
  const fields = { topic: topic ?? spec.name, ...(partition !== undefined && { partition }) }
  if (owned.length === 0)
    return new SnapstreamError(
      'NOT_OPEN',
      `${name} is not being read here, or has no partition assigned yet; bind it to a handler and seek while stream() runs`,
      fields,
    )
  return new SnapstreamError(
    'USAGE',
    `${partition === undefined ? name : `partition ${partition} of ${name}`} is not read by this member; it reads ` +
      owned.map((at) => `${at.topic}/${at.partition}`).join(', '),
    fields,
  )
}
