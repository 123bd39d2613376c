import type { DeadLetter } from '@snapstream/kafka'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { isoTime } from '../output/iso-time.ts'
import { createPrinter, labelled } from '../output/printer.ts'
import type { Piece } from '../output/printer.ts'
import { showBytes } from '../output/show-bytes.ts'
import { TOMBSTONE, viewOf, viewText } from '../output/view.ts'
import { applySettings } from '../settings/settings.ts'
import { letterJson } from './letter-json.ts'
import { endOfLetters, readLetters } from './read-letters.ts'
import type { ReadLetterFlags } from './read-letters.ts'

/** `snapstream dlq show TOPIC` */
export async function showLetters(topic: string, flags: ReadLetterFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io, topic)
  const printer = createPrinter(io, flags.json)
  const show = (letter: DeadLetter) =>
    flags.json ? printer.write(letterJson(letter)) : printer.write(...letterText(letter))
  const counts = await readLetters({ topic, flags, signal: printer.signal }, show)
  const code = await endOfLetters(counts, printer, io)
  if (code !== EXIT.ok || counts.shown > 0 || flags.offset === undefined || flags.offset < 0) return code
  io.stderr.write(`snapstream: no dead letter at offset ${flags.offset} matches the options\n`)
  return EXIT.failure
}

function letterText({ record, origin, code, message, binding, attempts, ...letter }: DeadLetter): readonly Piece[] {
  const said = (name: string, content: string | number | undefined) =>
    content === undefined ? [] : labelled(name, String(content))
  return [
    '\n',
    ...labelled('at', `${record.topic}/${record.partition} offset ${record.offset}`),
    ...said('from', origin && `${origin.topic}/${origin.partition} offset ${origin.offset}`),
    ...said('error', code),
    ...said('message', message),
    ...said('binding', binding),
    ...said('attempts', attempts),
    ...labelled('timestamp', isoTime(letter.exactTimestamp ?? letter.timestamp)),
    ...letter.headers.flatMap(([name, value]) =>
      labelled('header', `${name}: ${viewText(viewOf(value), '<null>')}`.trimEnd()),
    ),
    ...said('header bytes', letter.headerBytes && showBytes(letter.headerBytes)),
    ...labelled('key', viewText(viewOf(letter.key), '')),
    `${viewText(viewOf(letter.value), TOMBSTONE)}\n`,
  ]
}
