import { AvroCodec } from '@snapstream/codecs/avro'
import { JsonCodec } from '@snapstream/codecs/json'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import avro from 'avsc'
import type { Case, Outcome, Suite } from '../suite.ts'

const COUNT = 1_500_000
const WARM_UP = 200_000
/** Several values, so that no result can be reused. */
const SAMPLES = 64

interface Order {
  readonly id: string
  readonly customer: string
  readonly amount: number
  readonly count: number
  readonly paid: boolean
  readonly note: string | null
}

const orders: readonly Order[] = Array.from({ length: SAMPLES }, (_, i) => ({
  id: `order-${1_000_000 + i}`,
  customer: `customer-${i % 7}`,
  amount: i * 1.25,
  count: i,
  paid: i % 2 === 0,
  note: i % 3 === 0 ? null : 'leave it at the door',
}))

const avroSchema = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'customer', type: 'string' },
    { name: 'amount', type: 'double' },
    { name: 'count', type: 'long' },
    { name: 'paid', type: 'boolean' },
    { name: 'note', type: ['null', 'string'], default: null },
  ],
} as const

const jsonSchema = {
  type: 'object',
  required: ['id', 'customer', 'amount', 'count', 'paid'],
  properties: {
    id: { type: 'string', minLength: 1 },
    customer: { type: 'string' },
    amount: { type: 'number' },
    count: { type: 'integer' },
    paid: { type: 'boolean' },
    note: { type: ['string', 'null'] },
  },
} as const

interface Bare {
  encode(order: Order): Uint8Array
  decode(bytes: Buffer): unknown
}

function bareAvsc(): Bare {
  const type = avro.Type.forSchema(avroSchema as unknown as avro.Schema)
  return { encode: (order) => type.toBuffer(order), decode: (bytes) => type.fromBuffer(bytes) as unknown }
}

function bareJson(): Bare {
  const ajv = new Ajv2020({ strictTypes: false })
  ;(addFormats as unknown as (ajv: Ajv2020) => void)(ajv)
  const validate = ajv.compile(jsonSchema)
  const checked = (value: unknown) => {
    if (!validate(value)) throw new Error('it does not fit')
    return value
  }
  return {
    encode: (order) => Buffer.from(JSON.stringify(checked(order))),
    decode: (bytes) => checked(JSON.parse(bytes.toString())),
  }
}

let sum = 0

interface CodecsInput {
  readonly messages: number
}

function timed({ messages }: CodecsInput, work: (i: number) => void): Outcome {
  for (let i = 0; i < WARM_UP; i++) work(i % SAMPLES)
  const started = performance.now()
  for (let i = 0; i < messages; i++) work(i % SAMPLES)
  const ms = performance.now() - started
  if (sum === 0) throw new Error('nothing was made')
  return { messages, ms }
}

const encoding = (make: () => Bare) => async (input: CodecsInput) => {
  const { encode } = make()
  return timed(input, (i) => {
    sum += encode(orders[i]!).length
  })
}

const decoding = (make: () => Bare) => async (input: CodecsInput) => {
  const { encode, decode } = make()
  const bytes = orders.map((order) => Buffer.from(encode(order)))
  return timed(input, (i) => {
    sum += decode(bytes[i]!) === null ? 0 : 1
  })
}

function caseOf(
  name: string,
  about: string,
  bare: string,
  ours: string,
  run: typeof encoding,
  makes: readonly (() => Bare)[],
): Case {
  const [first, second] = makes
  return {
    name,
    about,
    input: (arena) => ({ messages: arena.count(COUNT, COUNT) }),
    contestants: [
      { name: bare, run: run(first!) },
      { name: ours, run: run(second!) },
    ],
    ratios: [{ of: ours, to: bare, atLeast: 0.95 }],
  }
}

const avroMakes = [bareAvsc, () => AvroCodec<Order>(avroSchema)] as const
const jsonMakes = [bareJson, () => JsonCodec<Order>({ schema: jsonSchema })] as const

export const codecs: Suite = {
  name: 'codecs',
  about: 'AvroCodec compared with avsc, and JsonCodec with JSON and ajv; the value is an order of six fields',
  cases: [
    caseOf('avro-encode', 'A value to Avro', 'avsc', 'AvroCodec', encoding, avroMakes),
    caseOf('avro-decode', 'Avro to a value', 'avsc', 'AvroCodec', decoding, avroMakes),
    caseOf(
      'json-encode',
      'A value, checked by ajv, to JSON in UTF-8',
      'JSON and ajv',
      'JsonCodec',
      encoding,
      jsonMakes,
    ),
    caseOf('json-decode', 'JSON in UTF-8 to a value, checked by ajv', 'JSON and ajv', 'JsonCodec', decoding, jsonMakes),
  ],
}
