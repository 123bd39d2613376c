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
import { writingCodec } from './value-codec.ts'

/** What is on its way at most. */
const IN_FLIGHT = 1000
const IN_FLIGHT_BYTES = 8_388_608

/** `snapstream topic NAME --produce`: a record for each line, written in their order; ends with the input. */
export async function produceCommand(name: string, flags: TopicFlags, io: Io): Promise<ExitCode> {
  const codec = await writingCodec(await applySettings(flags, io, name))
  await topicShape(name, flags.partition)
  const { json = false, keySeparator, partition } = flags
  const format = { topic: name, json, keySeparator, codec }
  await using topic = Topic<Uint8Array, Uint8Array>(name, { codec: BytesCodec(), keyCodec: BytesCodec() })
  await topic.open()

  let written = 0
  let lineNumber = 0
  let inFlight: Promise<void>[] = []
  let inFlightBytes = 0
  const settle = async () => {
    const sent = inFlight
    inFlight = []
    inFlightBytes = 0
    await Promise.all(sent)
    written += sent.length
  }

  async function refuseLine(error: unknown): Promise<never> {
    await settle()
    const { message } = toError(error)
    throw new SnapstreamError(
      'ENCODE_FAILED',
      `line ${lineNumber}: ${message}; ${recordsOf(written)} before it written, nothing after it`,
      { cause: error },
    )
  }

  const stop = () => io.stdin.destroy()
  io.signal.addEventListener('abort', stop)
  try {
    for await (const line of linesUntil(io)) {
      lineNumber++
      if (json && line.length === 0) continue
      let record: InputRecord
      try {
        const read = inputRecord(line, format)
        record = read instanceof Promise ? await read : read
      } catch (error) {
        return await refuseLine(error)
      }
      const { key, value, meta } = record
      const sending = topic(value, { key, ...meta, ...(partition !== undefined && { partition }) })
      // It is awaited with the others: until then its failure is nobody's surprise.
      sending.catch(() => {})
      inFlight.push(sending)
      inFlightBytes += line.length
      if (inFlight.length >= IN_FLIGHT || inFlightBytes >= IN_FLIGHT_BYTES) await settle()
    }
    await settle()
  } finally {
    io.signal.removeEventListener('abort', stop)
  }
  const printer = createPrinter(io)
  void printer.write(json ? `{"written":${written}}\n` : `${recordsOf(written)} written to ${name}\n`)
  await printer.end()
  return io.signal.aborted ? EXIT.interrupted : EXIT.ok
}

/** Ends quietly where Ctrl-C ended the input. */
async function* linesUntil({ stdin, signal }: Io): AsyncGenerator<Buffer, void> {
  try {
    yield* byteLines(stdin as AsyncIterable<Uint8Array>)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

const recordsOf = (count: number) => `${count} ${count === 1 ? 'record' : 'records'}`
