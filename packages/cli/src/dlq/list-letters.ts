import type { DeadLetter } from '@snapstream/kafka'
import type { DlqFlags } from '../definitions/dlq-definition.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { isoTime } from '../output/iso-time.ts'
import { createPrinter } from '../output/printer.ts'
import { createTable } from '../output/table.ts'
import { viewOf, viewText } from '../output/view.ts'
import { applySettings } from '../settings/settings.ts'
import { letterJson } from './letter-json.ts'
import { endOfLetters, readLetters } from './read-letters.ts'

const NAMES = ['AT', 'TIME', 'FROM', 'KEY', 'CODE', 'TRIES', 'MESSAGE']
/** `show` and `--json` have all of it. */
const KEY_CHARACTERS = 40
const MESSAGE_CHARACTERS = 100

/** `snapstream dlq list TOPIC` */
export async function listLetters(topic: string, flags: DlqFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io, topic)
  const printer = createPrinter(io, flags.json)
  const table = createTable(NAMES, printer)
  const show = (letter: DeadLetter) => (flags.json ? printer.write(letterJson(letter)) : table.row(...rowOf(letter)))
  const counts = await readLetters(topic, flags, show, printer.signal)
  table.end()
  return endOfLetters(counts, printer, io)
}

function rowOf({ record, origin, key, code, attempts, message, ...letter }: DeadLetter): readonly (string | number)[] {
  return [
    `${record.partition}/${record.offset}`,
    isoTime(letter.exactTimestamp ?? letter.timestamp),
    origin === undefined ? '-' : `${origin.topic}/${origin.partition}/${origin.offset}`,
    cut(viewText(viewOf(key), '-'), KEY_CHARACTERS),
    code ?? '-',
    attempts ?? '-',
    cut(message ?? '-', MESSAGE_CHARACTERS),
  ]
}

/** One line of a cell, of so many characters at most. */
function cut(text: string, most: number): string {
  // What is cut off anyway is not looked at.
  const line = text.slice(0, most * 4).replaceAll(/\s+/g, ' ')
  // Half of a character is none.
  return line.length > most ? `${line.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : line
}
