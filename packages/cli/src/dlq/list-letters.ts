import type { DeadLetter } from '@snapstream/kafka'
import type { DlqFlags } from '../definitions/dlq-definition.ts'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { isoTime } from '../output/iso-time.ts'
import { createPaint } from '../output/paint.ts'
import { createPrinter } from '../output/printer.ts'
import { forTerminal } from '../output/show-bytes.ts'
import { table } from '../output/table.ts'
import { viewOf, viewText } from '../output/view.ts'
import { applySettings } from '../settings/settings.ts'
import { letterJson } from './letter-json.ts'
import { readLetters } from './read-letters.ts'

const NAMES = ['AT', 'TIME', 'FROM', 'KEY', 'CODE', 'TRIES', 'MESSAGE']
/** `show` and `--json` have all of it. */
const KEY_CHARACTERS = 40
const MESSAGE_CHARACTERS = 100
/** A table is drawn when it is known whole. */
const ROWS = 10_000

/** `snapstream dlq list TOPIC` */
export async function listLetters(topic: string, flags: DlqFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io, topic)
  const printer = createPrinter(io)
  const paint = createPaint(io)
  let rows: (string | number)[][] = []
  const draw = () => {
    const drawn = rows.length === 0 ? '' : table(NAMES, rows, paint)
    rows = []
    return printer.write(drawn)
  }
  await readLetters(
    topic,
    flags,
    (letter) => {
      if (flags.json) return printer.write(letterJson(letter))
      rows.push(rowOf(letter))
      return rows.length >= ROWS ? draw() : undefined
    },
    printer.signal,
  )
  void draw()
  await printer.end()
  return io.signal.aborted ? EXIT.interrupted : EXIT.ok
}

function rowOf({ record, origin, key, code, attempts, message, timestamp }: DeadLetter): (string | number)[] {
  return [
    `${record.partition}/${record.offset}`,
    isoTime(timestamp),
    origin === undefined ? '-' : `${origin.topic}/${origin.partition}/${origin.offset}`,
    cell(viewText(viewOf(key), '-'), KEY_CHARACTERS),
    code ?? '-',
    attempts ?? '-',
    cell(message ?? '-', MESSAGE_CHARACTERS),
  ]
}

/** One line of a table: no line ends, nothing that steers a terminal. */
function cell(text: string, most: number): string {
  const line = forTerminal(text).replaceAll(/\s+/g, ' ')
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}
