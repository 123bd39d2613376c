import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Conf } from '@snapstream/kafka'
import { memory } from '@snapstream/kafka/memory'
import { helpText, listText, parseCommand } from './arguments.ts'
import { emoji } from './examples/emoji.ts'
import type { Example } from './examples/example.ts'
import { hello } from './examples/hello.ts'
import { joins } from './examples/joins.ts'
import { orders } from './examples/orders.ts'
import { scale } from './examples/scale.ts'
import { windows } from './examples/windows.ts'
import { createProgress } from './progress.ts'

const examples: readonly Example[] = [hello, emoji, orders, windows, joins, scale]

async function main(args: readonly string[]): Promise<void> {
  const command = parseCommand(args, examples)
  if (command.kind !== 'run') {
    console.log(command.kind === 'help' ? helpText(examples) : listText(examples))
    return
  }
  Conf(command.brokers === undefined ? { driver: memory() } : { brokers: command.brokers })
  const progress = createProgress(process.stderr)
  const folder = await mkdtemp(join(tmpdir(), 'snapstream-demo-'))
  try {
    for (const example of command.examples) {
      const summary = await example.run({ folder, brokers: command.brokers, progress: (line) => progress.show(line) })
      progress.done()
      // Standard output is for the output of the examples only.
      if (summary) console.error(summary)
    }
  } finally {
    progress.done()
    await rm(folder, { recursive: true, force: true })
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
