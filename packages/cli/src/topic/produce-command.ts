import type { Buffer } from 'node:buffer'
import { BytesCodec, SnapstreamError, toError } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { TopicFlags } from '../definitions/topic-definition.ts'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { createPrinter } from '../output/printer.ts'
import { applySettings } from '../settings/settings.ts'
import { byteLines } from './byte-lines.ts'
import { inputRecord } from './input-record.ts'
import type { InputRecord } from './input-record.ts'
import { topicShape } from './topic-shape.ts'
import { valueFormat } from './value-json.ts'

/**
 * What is under way at most. It begins with one line, and each time it is twice as many: until the broker has taken some,
 * little is sent that may have to be refused.
 */
const IN_FLIGHT = 1000
const IN_FLIGHT_BYTES = 8_388_608
/** A record of Kafka is rarely larger than 1 MB; as JSON, with all of it escaped, it is six times as much. */
const MAX_LINE_BYTES = 67_108_864

/** `snapstream topic NAME --produce`: a record for each line, written in their order; ends with the input. */
export async function produceCommand(name: string, flags: TopicFlags, io: Io): Promise<ExitCode> {
  const format = await valueFormat(await applySettings(flags, io, name))
  await topicShape(name, flags.partition)
  const { json = false, keySeparator, partition, maxLineBytes = MAX_LINE_BYTES } = flags
  const input = { topic: name, json, keySeparator, write: format?.write }
  await using topic = Topic<Uint8Array, Uint8Array>(name, { codec: BytesCodec(), keyCodec: BytesCodec() })
  await topic.open()
  const stop = () => io.stdin.destroy()
  const sent = sentLines(stop)
  io.signal.addEventListener('abort', stop)
  let lineNumber = 0
  try {
    for await (const line of linesUntil(io, maxLineBytes, () => sent.isRefused)) {
      if (sent.isRefused) break
      lineNumber++
      if ('tooLong' in line)
        sent.refuse(lineNumber, new Error(`it has more than ${maxLineBytes} bytes; --max-line-bytes allows for more`))
      else if (!json || line.length > 0) {
        try {
          const read = inputRecord(line, input)
          const { key, value, meta }: InputRecord = read instanceof Promise ? await read : (read as InputRecord)
          sent.add(
            lineNumber,
            line.length,
            topic(value, { key, ...meta, ...(partition !== undefined && { partition }) }),
          )
        } catch (error) {
          sent.refuse(lineNumber, error)
        }
        // What is refused at once is known now: nothing after it is sent.
        await Promise.resolve()
      }
      if (sent.isRefused) break
      if (sent.isFull) await sent.settled()
    }
    await sent.settled()
  } finally {
    io.signal.removeEventListener('abort', stop)
  }
  const printer = createPrinter(io, json)
  const written = sent.written()
  void printer.write(json ? `{"written":${written}}\n` : `${recordsOf(written)} written to ${name}\n`)
  await printer.end()
  return io.signal.aborted ? EXIT.interrupted : EXIT.ok
}

/** Keeps account of what became of each line; `stop` is called when one is refused, as no other is to come. */
function sentLines(stop: () => void) {
  let underWay: Promise<void>[] = []
  let bytes = 0
  let most = 1
  let written = 0
  /** The first line that was refused; those after it may be under way already. */
  let refused: { readonly line: number; readonly error: unknown } | undefined
  /** Of those that are under way together. */
  let writtenNow: number[] = []

  function refuse(line: number, error: unknown): void {
    if (refused === undefined || line < refused.line) refused = { line, error }
    stop()
  }

  return {
    refuse,
    add(line: number, size: number, sending: Promise<void>): void {
      bytes += size
      underWay.push(
        sending.then(
          () => void writtenNow.push(line),
          (error: unknown) => refuse(line, error),
        ),
      )
    },
    get isRefused() {
      return refused !== undefined
    },
    get isFull() {
      return underWay.length >= most || bytes >= IN_FLIGHT_BYTES
    },
    written: () => written,
    /** Waits for all that is under way. Throws what is wrong with the first line that was refused. */
    async settled(): Promise<void> {
      await Promise.all(underWay)
      underWay = []
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
      const behind = after === 0 ? 'nothing after it' : `and ${after} after it, which had been sent together with it`
      const text = `line ${line}: ${message}; ${recordsOf(written - after)} before it written, ${behind}`
      throw new SnapstreamError(code, text, { cause: error })
    },
  }
}

/** Ends quietly where the input was ended from here: by Ctrl-C, or as a line was refused. */
async function* linesUntil(
  { stdin, signal }: Io,
  maxBytes: number,
  isRefused: () => boolean,
): AsyncGenerator<Buffer | { readonly tooLong: number }, void> {
  try {
    yield* byteLines(stdin as AsyncIterable<Uint8Array>, maxBytes)
  } catch (error) {
    if (!signal.aborted && !isRefused()) throw error
  }
}

const recordsOf = (count: number) => `${count} ${count === 1 ? 'record' : 'records'}`
