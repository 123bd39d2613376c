import type { MaybePromise } from '@snapstream/core'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { breather, filterOf } from '../output/filter.ts'
import { createPrinter } from '../output/printer.ts'
import { applySettings } from '../settings/settings.ts'
import type { ConnectionFlags } from '../settings/settings.ts'
import { recordJson, recordText } from './format-record.ts'
import { readTopic } from './read-topic.ts'
import type { Start } from './read-topic.ts'
import { recordView, withColumns } from './record-view.ts'
import type { RecordView } from './record-view.ts'
import { topicDetails } from './topic-details.ts'
import { valueFormat } from './value-json.ts'

/** The options that reading and writing have in common. */
export interface ValueFlags extends ConnectionFlags {
  readonly partition?: number
  readonly schema?: string
  readonly registry?: string
  readonly json?: boolean
}

export interface TopicFlags extends ValueFlags {
  readonly offset?: number
  readonly last?: number
  readonly since?: number
  readonly keyFilter?: RegExp
  readonly valFilter?: RegExp
  readonly columns?: readonly string[]
  readonly limit?: number
  readonly follow?: boolean
  readonly count?: boolean
}

/** `snapstream topic NAME` */
export async function topicCommand(name: string, flags: TopicFlags, io: Io): Promise<ExitCode> {
  const follow = flags.follow === true || flags.offset === -1
  const startedAt = Date.now()
  const format = await valueFormat(await applySettings(flags, io, name))
  const details = await topicDetails(name, flags.partition)
  const printer = createPrinter(io, flags.json)
  const text = { withPartition: details.partitions.length > 1, startedAt: follow ? startedAt : undefined }
  const matches = filterOf(flags)
  const breathe = flags.keyFilter || flags.valFilter ? breather() : () => undefined
  const counts = { shown: 0, failed: 0 }

  function show(whole: RecordView): MaybePromise<'stop' | void> {
    const matched = matches(whole.key, whole.value)
    if (matched === false) return breathe()
    const view =
      matched === true ? withColumns(whole, flags.columns) : { ...whole, error: whole.error ?? matched.message }
    counts.shown++
    if (view.error !== undefined) counts.failed++
    const full = flags.count
      ? undefined
      : flags.json
        ? printer.write(recordJson(view))
        : printer.write(...recordText(view, text))
    return counts.shown === flags.limit ? 'stop' : (full ?? breathe())
  }

  const { partition } = flags
  const reading = { details, start: startOf(flags, follow), follow, partition, signal: printer.signal }
  await readTopic(reading, (record) => {
    const view = recordView(record, format?.read)
    return 'record' in view ? show(view) : view.then(show)
  })
  if (flags.count) void printer.write(flags.json ? `{"count":${counts.shown}}\n` : `${counts.shown}\n`)
  await printer.end()
  if (counts.failed > 0)
    io.stderr.write(
      `snapstream: ${counts.failed} of ${counts.shown} records could not be read as the options ask; they are shown as stored\n`,
    )
  // Ctrl-C is the normal end of --follow.
  if (io.signal.aborted && !follow) return EXIT.interrupted
  return counts.failed > 0 && !printer.isBroken ? EXIT.failure : EXIT.ok
}

function startOf({ offset, last, since }: TopicFlags, follow: boolean): Start {
  if (last !== undefined) return { last }
  if (since !== undefined) return { since }
  if (offset !== undefined && offset >= 0) return { offset }
  return offset === -1 || (offset === undefined && follow) ? 'latest' : 'earliest'
}
