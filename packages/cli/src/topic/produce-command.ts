import { addAbortListener } from 'node:events'
import type { Buffer } from 'node:buffer'
import { BytesCodec, SnapstreamError, toError } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { createPrinter } from '../output/printer.ts'
import { applySettings } from '../settings/settings.ts'
import { byteLines } from './byte-lines.ts'
import { inputRecord } from './input-record.ts'
import type { InputRecord } from './input-record.ts'
import type { ValueFlags } from './topic-command.ts'
import { topicDetails } from './topic-details.ts'
import { valueFormat } from './value-json.ts'

export interface ProduceFlags extends ValueFlags {
  readonly keySeparator?: string
  readonly maxLineBytes?: number
}

/**
 * The most lines in flight. The first send has one line, and each later one has up to twice as many: until the broker has
 * acknowledged records, few are sent that it may refuse.
 */
const IN_FLIGHT = 1000
const IN_FLIGHT_BYTES = 8_388_608
/** A record of Kafka is rarely larger than 1 MB; as JSON with all characters escaped it is six times as large. */
const MAX_LINE_BYTES = 67_108_864

/** `snapstream topic NAME --produce`: writes a record for each line, in the order of the lines; ends with the input. */
export async function produceCommand(name: string, flags: ProduceFlags, io: Io): Promise<ExitCode> {
  const format = await valueFormat(await applySettings(flags, io, name))
  await topicDetails(name, flags.partition)
  const { json = false, keySeparator, partition, maxLineBytes = MAX_LINE_BYTES } = flags
  const input = { topic: name, json, keySeparator, write: format?.write }
  await using topic = Topic<Uint8Array, Uint8Array>(name, { codec: BytesCodec(), keyCodec: BytesCodec() })
  await topic.open()
  const sent = sentLines()
  const end = AbortSignal.any([io.signal, sent.refused])
  let lineNumber = 0
  for await (const line of linesUntil(end, io.stdin, maxLineBytes)) {
    if (sent.refused.aborted) break
    lineNumber++
    if ('tooLong' in line)
      sent.refuse(lineNumber, new Error(`it has more than ${maxLineBytes} bytes; --max-line-bytes sets the limit`))
    else if (!json || line.length > 0) {
      try {
        const read = inputRecord(line, input)
        const { key, value, meta }: InputRecord = read instanceof Promise ? await read : (read as InputRecord)
        sent.add(lineNumber, line.length, topic(value, { key, ...meta, ...(partition !== undefined && { partition }) }))
      } catch (error) {
        sent.refuse(lineNumber, error)
      }
      // A record that is refused at once is refused by now: nothing after it is sent.
      await Promise.resolve()
    }
    if (sent.refused.aborted) break
    if (sent.isFull) await sent.settled()
  }
  await sent.settled()
  const printer = createPrinter(io, json)
  const written = sent.written()
  void printer.write(json ? `{"written":${written}}\n` : `${recordsOf(written)} written to ${name}\n`)
  await printer.end()
  return io.signal.aborted ? EXIT.interrupted : EXIT.ok
}

/** Tracks which lines were sent, written and refused. */
function sentLines() {
  const refusal = new AbortController()
  let inFlight: Promise<void>[] = []
  let bytes = 0
  let most = 1
  let written = 0
  /** The first line that was refused. Lines after it may be in flight already. */
  let refused: { readonly line: number; readonly error: unknown } | undefined
  /** The lines in flight that were acknowledged. */
  let writtenNow: number[] = []

  function refuse(line: number, error: unknown): void {
    if (refused === undefined || line < refused.line) refused = { line, error }
    refusal.abort()
  }

  return {
    /** Aborted when a line was refused: no line after it is to be sent. */
    refused: refusal.signal,
    refuse,
    add(line: number, size: number, sending: Promise<void>): void {
      bytes += size
      inFlight.push(
        sending.then(
          () => void writtenNow.push(line),
          (error: unknown) => refuse(line, error),
        ),
      )
    },
    get isFull() {
      return inFlight.length >= most || bytes >= IN_FLIGHT_BYTES
    },
    written: () => written,
    /** Waits for the lines in flight. Throws the error of the first line that was refused. */
    async settled(): Promise<void> {
      await Promise.all(inFlight)
      inFlight = []
      bytes = 0
      most = Math.min(most * 2, IN_FLIGHT)
      written += writtenNow.length
      const lines = writtenNow
      writtenNow = []
      if (refused === undefined) return
      const { line, error } = refused
      const after = lines.filter((other) => other > line).length
      const { message } = toError(error)
      const code = SnapstreamError.is(error) && error.code !== 'USAGE' ? error.code : 'ENCODE_FAILED'
      const rest = after === 0 ? 'nothing after it' : `and ${after} after it, which were sent together with it`
      const text = `line ${line}: ${message}; ${recordsOf(written - after)} before it written, ${rest}`
      throw new SnapstreamError(code, text, { cause: error })
    },
  }
}

/** The lines of the input, up to its end or until `end` is aborted. */
async function* linesUntil(
  end: AbortSignal,
  stdin: Io['stdin'],
  maxBytes: number,
): AsyncGenerator<Buffer | { readonly tooLong: number }, void> {
  using _ = addAbortListener(end, () => stdin.destroy())
  try {
    yield* byteLines(stdin as AsyncIterable<Uint8Array>, maxBytes)
  } catch (error) {
    if (!end.aborted) throw error
  }
}

const recordsOf = (count: number) => `${count} ${count === 1 ? 'record' : 'records'}`
