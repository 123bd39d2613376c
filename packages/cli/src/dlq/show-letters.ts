import type { DeadLetter } from '@snapstream/kafka'
import type { DlqShowFlags } from '../definitions/dlq-definition.ts'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { isoTime } from '../output/iso-time.ts'
import { createPaint } from '../output/paint.ts'
import { createPrinter } from '../output/printer.ts'
import { forTerminal } from '../output/show-bytes.ts'
import { viewOf, viewText } from '../output/view.ts'
import { applySettings } from '../settings/settings.ts'
import { letterJson } from './letter-json.ts'
import { readLetters } from './read-letters.ts'

/** `snapstream dlq show TOPIC` */
export async function showLetters(topic: string, flags: DlqShowFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io, topic)
  const printer = createPrinter(io)
  const paint = createPaint(io)
  const safe = printer.isTerminal ? forTerminal : (text: string) => text
  const write = (letter: DeadLetter) => printer.write(flags.json ? letterJson(letter) : text(letter))

  function text({ record, origin, code, message, binding, attempts, ...letter }: DeadLetter): string {
    const line = (name: string, content: string | number | undefined) =>
      content === undefined ? '' : `${paint('cyan', `>>> ${name}:`)} ${safe(String(content))}`.trimEnd() + '\n'
    return (
      `\n${line('at', `${record.topic}/${record.partition} offset ${record.offset}`)}` +
      line('from', origin && `${origin.topic}/${origin.partition} offset ${origin.offset}`) +
      line('error', code) +
      line('message', message) +
      line('binding', binding) +
      line('attempts', attempts) +
      line('timestamp', isoTime(letter.timestamp)) +
      letter.headers.map(([name, value]) => line('header', `${name}: ${viewText(viewOf(value), '<null>')}`)).join('') +
      line('key', viewText(viewOf(letter.key), '')) +
      `${safe(viewText(viewOf(letter.value), '<tombstone>'))}\n`
    )
  }

  const count = await readLetters(topic, flags, write, printer.signal)
  await printer.end()
  if (io.signal.aborted) return EXIT.interrupted
  if (count > 0 || flags.offset === undefined || flags.offset < 0) return EXIT.ok
  io.stderr.write(`snapstream: there is no dead letter at offset ${flags.offset} that the options choose\n`)
  return EXIT.failure
}
