import type { TopicsFlags } from '../definitions/topics-definition.ts'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { createPrinter } from '../output/printer.ts'
import { createTable } from '../output/table.ts'
import { applySettings } from '../settings/settings.ts'
import { topicShape } from '../topic/topic-shape.ts'

const NAMES = ['PARTITION', 'LEADER', 'REPLICAS', 'IN SYNC', 'EARLIEST', 'LATEST']

/** `snapstream topics describe NAME` */
export async function describeTopic(name: string, flags: TopicsFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io, name)
  const { topic, partitions } = await topicShape(name)
  const printer = createPrinter(io, flags.json)
  if (flags.json)
    for (const partition of partitions) await printer.write(`${JSON.stringify({ topic, ...partition })}\n`)
  else {
    const table = createTable(NAMES, printer)
    for (const { partition, leader, replicas, inSyncReplicas, earliest, latest } of partitions)
      await table.row(partition, leader ?? '-', replicas.join(','), inSyncReplicas.join(','), earliest, latest)
    table.end()
  }
  await printer.end()
  return EXIT.ok
}
