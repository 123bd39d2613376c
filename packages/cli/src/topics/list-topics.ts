import { Admin } from '@snapstream/kafka'
import type { TopicsFlags } from '../definitions/topics-definition.ts'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { createPrinter } from '../output/printer.ts'
import { applySettings } from '../settings/settings.ts'

/** `snapstream topics`: a name a line, for people and for programs. */
export async function listTopics(flags: TopicsFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io)
  await using admin = Admin()
  const printer = createPrinter(io, flags.json)
  for (const topic of await admin.listTopics())
    await printer.write(`${flags.json ? JSON.stringify({ topic }) : topic}\n`)
  await printer.end()
  return EXIT.ok
}
