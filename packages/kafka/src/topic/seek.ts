import { SnapstreamError } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { outOfRange } from '../driver/driver-error.ts'
import type { DriverAdmin, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { groupBy, partitionKey } from '../driver/topic-partition.ts'
import { withAdmin } from '../driver/with-admin.ts'
import { expectOneTopic, expectOptions, expectPartition, expectPlace, expectTopic } from '../options/place.ts'
import type { SeekTo } from '../options/place.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import type { ControlledReader, TopicControl } from '../reading/topic-control.ts'
import type { TopicLifecycle } from './topic-lifecycle.ts'

/** The options of `topic.seek`. */
export interface SeekOptions {
  /** The number of a partition. @default all partitions that are read here now */
  readonly partition?: number
  /** The name of a topic. Required with `partition` if the Topic stands for several topics. @default all of them */
  readonly topic?: string
}

interface SeekedTopic {
  readonly spec: TopicSpec
  readonly lifecycle: Pick<TopicLifecycle, 'current'>
  readonly control: TopicControl
}

/** Moves the readers that the topic has now. Of several calls the last one counts. */
export async function seekTopic(sought: SeekedTopic, to: SeekTo, options: SeekOptions = {}): Promise<void> {
  const { spec, control } = sought
  expectPlace(spec, to)
  expectOptions(spec, options, ['partition', 'topic'])
  const { partition, topic } = options
  expectTopic(spec, topic)
  if (partition !== undefined) {
    expectPartition(spec, partition)
    expectOneTopic(spec, topic)
  }
  // The time to look up offsets varies: without turns an earlier call could finish last.
  return control.inTurn(() => seekNow(sought, to, options))
}

async function seekNow({ spec, lifecycle, control }: SeekedTopic, to: SeekTo, options: SeekOptions): Promise<void> {
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
  const offsets = await withAdmin(settings, (admin) => offsetsOf(admin, settings, chosen, to))
  // Partitions may have been revoked during the look-up. Nothing is awaited from here on, so that all move or none.
  const targets = new Map<ControlledReader, TopicPartitionOffset[]>()
  const missing = new Set(offsets.keys())
  for (const [reader, at] of read()) {
    const offset = offsets.get(partitionKey(at))
    if (offset === undefined) continue
    missing.delete(partitionKey(at))
    targets.set(reader, [...(targets.get(reader) ?? []), { topic: at.topic, partition: at.partition, offset }])
  }
  if (missing.size > 0) throw notRead(spec, control, options)
  for (const [reader, target] of targets) reader.seek(target)
}

/** The offset to move each partition to. Throws `OFFSET_OUT_OF_RANGE`. */
async function offsetsOf(
  admin: DriverAdmin,
  { consumer: { isolationLevel, onOffsetOutOfRange } }: ResolvedSettings,
  partitions: readonly TopicPartition[],
  to: SeekTo,
): Promise<ReadonlyMap<string, number>> {
  const offsets = new Map<string, number>()
  for (const [topic, of] of groupBy(partitions, (at) => at.topic)) {
    const at = typeof to === 'object' ? Number(to.timestamp) : typeof to === 'number' ? 'latest' : to
    const found = await admin.offsets(topic, at, isolationLevel)
    const earliest = await admin.offsets(topic, 'earliest')
    // An offset from the caller may lie behind the start of an open transaction.
    const latest = typeof to === 'number' && to >= 0 ? await admin.offsets(topic, 'latest') : found
    for (const { partition } of of) {
      const [first, last] = [earliest[partition]?.offset ?? 0, latest[partition]?.offset ?? 0]
      let offset = found[partition]?.offset ?? 0
      if (typeof to === 'number') offset = to < 0 ? Math.max(first, last + to) : to
      if (typeof to === 'number' && onOffsetOutOfRange === 'error' && (offset < first || offset > last))
        throw outOfRange({ topic, partition, offset }, first, last)
      offsets.set(partitionKey({ topic, partition }), offset)
    }
  }
  return offsets
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
