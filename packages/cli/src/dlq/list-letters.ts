import type { DeadLetter } from '@snapstream/kafka'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { isoTime } from '../output/iso-time.ts'
import { createPrinter } from '../output/printer.ts'
import { createTable } from '../output/table.ts'
import { viewOf, viewText } from '../output/view.ts'
import { applySettings } from '../settings/settings.ts'
import { letterJson } from './letter-json.ts'
import { endOfLetters, readLetters } from './read-letters.ts'
import type { ReadLetterFlags } from './read-letters.ts'

const NAMES = ['AT', 'TIME', 'FROM', 'KEY', 'CODE', 'TRIES', 'MESSAGE']
/** The table cuts keys and messages; `show` and `--json` have all of them. */
const KEY_CHARACTERS = 40
const MESSAGE_CHARACTERS = 100

/** `snapstream dlq list TOPIC` */
export async function listLetters(topic: string, flags: ReadLetterFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io, topic)
  const printer = createPrinter(io, flags.json)
  const table = createTable(NAMES, printer)
  const show = (letter: DeadLetter) => (flags.json ? printer.write(letterJson(letter)) : table.row(...rowOf(letter)))
  const counts = await readLetters({ topic, flags, signal: printer.signal }, show)
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

/** The text as one line of at most `most` characters. */
function cut(text: string, most: number): string {
  // The rest of a long text is cut off before the regular expression runs.
  const line = text.slice(0, most * 4).replaceAll(/\s+/g, ' ')
  // A high surrogate at the end is half of a character.
  return line.length > most ? `${line.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : line
}
