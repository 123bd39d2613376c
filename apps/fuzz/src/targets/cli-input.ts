import { Readable, Writable } from 'node:stream'
import { AvroCodec } from '@snapstream/codecs'
import { SnapstreamError } from '@snapstream/core'
import { Admin, Conf } from '@snapstream/kafka'
import type { RawTopicRecord } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { memory } from '@snapstream/kafka/memory'
import { runCommandLine } from '@snapstream/cli/src/run-command-line.ts'
import { avroJson } from '@snapstream/cli/src/topic/avro-json.ts'
import { recordJson } from '@snapstream/cli/src/topic/format-record.ts'
import { inputRecord } from '@snapstream/cli/src/topic/input-record.ts'
import type { InputRecord } from '@snapstream/cli/src/topic/input-record.ts'
import { recordView } from '@snapstream/cli/src/topic/record-view.ts'
import type { RecordView } from '@snapstream/cli/src/topic/record-view.ts'
import type { Target } from '../target.ts'

const SCHEMA = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'long', type: ['null', 'string', 'long', 'double'] },
    { name: 'bytes', type: ['bytes', { type: 'map', values: ['string', 'double', 'R'] }] },
    { name: 'self', type: ['null', 'R', { type: 'array', items: 'R' }] },
  ],
}
const codec = AvroCodec(SCHEMA, { long: 'bigint', wrapUnions: 'always' })
const json = avroJson(SCHEMA)
const format = { topic: 't', json: true, keySeparator: undefined, write: undefined }

/** The first byte of an input selects the kind of the rest. */
const KINDS: readonly ((input: Buffer, planted: boolean) => string | Promise<string>)[] = [
  (line) => read(line, format),
  (line) => read(line, { ...format, json: false, keySeparator: '=' }),
  (line) => read(line, { ...format, write: writeAvro }),
  (line) => read(line, { ...format, json: false, write: writeAvro }),
  throughJson,
  throughAvro,
  ofArguments,
  produced,
]

/** Inputs of the command line: lines to write, values to show, and arguments. */
export const cliInput: Target = {
  name: 'cli-input',
  about: 'the snapstream command: lines to write, values to show, arguments',
  seeds: () =>
    [
      '0{"key":"k","value":{"a":[1,"\\u00e9"]},"headers":[["a","b"],["c","/w==","base64"],["d",null]],"timestamp":7}',
      '0{"key":"/w==","keyEncoding":"base64","value":"AA==","valueEncoding":"base64","partition":0,"headers":{"a":"b"}}',
      '0{"value":null,"valueEncoding":"json","timestamp":"9223372036854775807"}',
      '1key=value=7',
      '2{"value":{"long":9007199254740993,"bytes":{"base64":"aGk="},"self":null}}',
      '3{"long":{"double":"NaN"},"bytes":{"map":{"a":1.5,"b":"c"}},"self":[]}',
      '4{"id":9007199254740993,"x":1e400,"s":"\\"}"}',
      '4[1,[2,{"a":"]"}],"\\\\"]',
      '4\u0000\u001B]0;text\u0007\uFEFF',
      args('topic', 't', '--limit', '1', '-k', '^a(b|c)', '-c', 'a,b'),
      args('topics', 'lag', '--json', '-X', 'linger.ms=5', '-b', 'a:1'),
      args('dlq', 'replay', 't', '--dry-run', '--limit', '3'),
      args('cache', '/nowhere', '--prefix', 'a', '--reverse'),
      '7{"key":"k","value":"v"}\n{"value":{"a":1}}\n',
    ]
      .map((seed) => Buffer.from(seed))
      .concat(Buffer.concat([Buffer.from('5'), codec.encode(ODD)])),
  open(planted) {
    return (input) => {
      const bytes = Buffer.from(input)
      const kind = KINDS[(bytes[0] ?? 0) % KINDS.length]
      return kind?.(bytes.subarray(1), planted) ?? ''
    }
  },
}

const args = (...words: readonly string[]) => `6${words.join('\0')}`

const ODD = { long: { long: 2n ** 62n }, bytes: { map: { base64: { string: 'NaN' } } }, self: { array: [] } }

function writeAvro(text: string): Uint8Array {
  return codec.encode(json.parse(text))
}

function read(line: Buffer, given: Parameters<typeof inputRecord>[1]): string {
  try {
    inputRecord(line, given)
    return 'ok'
  } catch (error) {
    return named(error)
  }
}

/** Checks that a value survives the way to a line of JSON and back. */
function throughJson(value: Buffer, planted: boolean): string {
  const view = recordView(recordOf(value), undefined) as RecordView
  // Deliberate bug: a value that starts with a brace is embedded without a check of the rest.
  const embedded: RecordView =
    planted && view.value.kind === 'text' && value[0] === 0x7b
      ? { ...view, value: { kind: 'value', json: view.value.text } }
      : view
  const line = recordJson(embedded)
  if (line.indexOf('\n') !== line.length - 1) throw new Error('a record spans several lines')
  const back = inputRecord(Buffer.from(line), format) as InputRecord
  if (!value.equals(back.value ?? Buffer.alloc(0)) || !value.equals(back.key ?? Buffer.alloc(0)))
    throw new Error('the value differs after a round trip')
  return view.value.kind + line.slice(line.indexOf('"value":') + 8)[0]
}

/** Checks that an Avro value survives the way to JSON and back. */
function throughAvro(bytes: Buffer): string {
  let value: unknown
  try {
    value = codec.decode(bytes)
  } catch (error) {
    return named(error)
  }
  const canonical = Buffer.from(codec.encode(value))
  if (!canonical.equals(writeAvro(json.print(value)))) throw new Error('the value differs after a round trip')
  return 'ok'
}

function recordOf(content: Buffer): RawTopicRecord {
  return { topic: 't', partition: 0, offset: 0, timestamp: 0, key: content, value: content, headers: [] }
}

const WORDS = new Set(['topic', 'topics', 'dlq', 'cache'])

function ofArguments(input: Buffer): Promise<string> {
  const args = input.toString('utf8').split('\0')
  // These options wait for more records, or connect to an address in the input.
  const waits = args.some((arg) => /^(-\w*f|--f|--o|-\w*o|--dr|--reg|--sch|-\w*s|--con)/.test(arg))
  return waits || !WORDS.has(args[0] ?? '') ? Promise.resolve('left out') : run(args, Buffer.alloc(0))
}

function produced(lines: Buffer): Promise<string> {
  return run(['topic', 't', '--produce', '--json', '--max-line-bytes', '1000'], lines)
}

// oxlint-disable-next-line no-control-regex -- control characters are what must not reach the terminal
const STEERS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]|\p{Bidi_Control}/u

async function run(args: readonly string[], stdin: Buffer): Promise<string> {
  Conf.reset()
  let shown = ''
  let errors = ''
  const code = await runCommandLine(args, {
    stdin: Readable.from([stdin]),
    stdout: Object.assign(
      new Writable({
        write(chunk: Buffer, _, done) {
          shown += chunk.toString()
          done()
        },
      }),
      { isTTY: true },
    ),
    stderr: { write: (text) => (errors += text) },
    env: { NO_COLOR: '1' },
    cwd: '/nowhere',
    home: '/nowhere',
    signal: new AbortController().signal,
    driver: await aTopic(),
  })
  if (STEERS.test(shown) || STEERS.test(errors)) throw new Error('the output has control characters')
  if (![0, 1, 2].includes(code)) throw new Error(`the exit code is ${code}`)
  if (code === 0 && errors.includes('snapstream:')) throw new Error('the exit code is 0 after an error')
  return `${args[0] ?? ''} ${code} ${errors.replaceAll(/['"(].*|\d+/gs, '').slice(0, 60)}`
}

async function aTopic(): Promise<Driver> {
  const driver = memory()
  await using admin = Admin({ driver })
  await admin.createTopic('t')
  return driver
}

function named(error: unknown): string {
  if (error instanceof SnapstreamError)
    return `${error.code} ${error.message.replaceAll(/["'].*|\d+/gs, '').slice(0, 60)}`
  throw error
}
