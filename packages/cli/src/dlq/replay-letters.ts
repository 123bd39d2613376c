import { BytesCodec, SnapstreamError } from '@snapstream/core'
import { Topic, replay } from '@snapstream/kafka'
import type { ReplayCounts, ReplayOptions } from '@snapstream/kafka'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { createPrinter } from '../output/printer.ts'
import { applySettings } from '../settings/settings.ts'
import { letterFilter } from './read-letters.ts'
import type { LetterFlags } from './read-letters.ts'

export interface ReplayFlags extends LetterFlags {
  readonly to?: string
  readonly target?: readonly string[]
  readonly others?: 'keep' | 'pass'
  readonly foreign?: 'stop' | 'keep' | 'pass'
  readonly place?: 'key' | 'original'
  readonly timestamp?: 'original' | 'now'
  readonly dryRun?: boolean
}

/** `snapstream dlq replay TOPIC` */
export async function replayLetters(name: string, flags: ReplayFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io, name)
  const { limit, others, foreign, to, target, place, timestamp, dryRun = false, group, json } = flags
  const matches = letterFilter(flags)
  const options: ReplayOptions = {
    where(letter) {
      const matched = matches(letter)
      if (typeof matched === 'boolean') return matched
      const { topic, partition, offset } = letter.record
      throw new SnapstreamError('PROCESSING_TIMEOUT', `${topic}/${partition} offset ${offset}: ${matched.message}`)
    },
    dryRun,
    signal: io.signal,
    ...(limit !== undefined && { limit }),
    ...(others !== undefined && { others }),
    ...(foreign !== undefined && { foreign }),
    ...(to !== undefined && { to }),
    ...(target !== undefined && { targets: target }),
    ...(place !== undefined && { partition: place }),
    ...(timestamp !== undefined && { timestamp }),
    ...(group !== undefined && { groupId: group }),
  }
  const counts = await replay(Topic(name, { codec: BytesCodec() }), options)
  const printer = createPrinter(io, json)
  void printer.write(json ? `${JSON.stringify({ ...counts, dryRun })}\n` : `${sentence(counts, dryRun)}\n`)
  await printer.end()
  return io.signal.aborted ? EXIT.interrupted : EXIT.ok
}

function sentence({ read, sent, skipped, left }: ReplayCounts, dryRun: boolean): string {
  if (dryRun) return `would send ${sent} and skip ${skipped} of ${read}; ${left} wait`
  return `sent ${sent}, skipped ${skipped} of ${read}; ${left} wait`
}
