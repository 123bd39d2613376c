import { describe, expect, test } from 'vitest'
import { byteReader } from '../protocol/byte-reader.ts'
import { hex, rawBroker } from '../../fixtures/raw-broker.ts'
import { PRODUCE, produceOver } from './produce-api.ts'

function broker(max: number, answer: string) {
  const { raw, sent } = rawBroker(max, answer)
  const encoded: object[] = []
  const produce = produceOver(raw, (_, options) => {
    encoded.push(options)
    return Buffer.from('batch')
  })
  return { produce, sent, encoded }
}

const records = [{ key: null, value: null, headers: [], timestamp: 0 }]
const request = {
  acks: -1,
  timeoutMs: 256,
  compression: 'none',
  batches: [{ topic: 't', partition: 3, records, firstSequence: 5 }],
} as const
const transactionOf = (transactionVersion: number) => ({ transactionalId: 'tx', transactionVersion })

describe('a request is written', () => {
  test.each([
    [8, undefined, 8, 'ffff ffff 00000100 00000001 000174 00000001 00000003 00000005 6261746368'],
    [99, undefined, 11, '00 ffff 00000100 02 0274 02 00000003 06 6261746368 00 00 00'],
    [99, 1, 11, '03 7478 ffff 00000100 02 0274 02 00000003 06 6261746368 00 00 00'],
    // The leader adds the partitions of newer versions to the transaction.
    [99, 2, 12, '03 7478 ffff 00000100 02 0274 02 00000003 06 6261746368 00 00 00'],
  ])('for a broker of version %i, with transaction.version %s', async (max, level, version, body) => {
    const { produce, sent, encoded } = broker(max, '00000000 00000000 00')
    await produce({ ...request, ...(level !== undefined && { transaction: transactionOf(level) }) })
    expect(sent).toMatchObject([{ api: 'Produce', apiKey: 0, version, flexible: version > 8 }])
    expect(sent[0]?.body.toString('hex')).toBe(hex(body).toString('hex'))
    expect(encoded).toMatchObject([{ firstSequence: 5, transactional: level !== undefined }])
  })

  test('and has no answer without acknowledgements', async () => {
    const { produce, sent } = broker(9, '')
    expect(await produce({ ...request, acks: 0 })).toEqual([])
    expect(sent).toMatchObject([{ answered: false }])
  })
})

test.each([
  [3, '00000001 000174 00000001 00000003 0006 0000000000000001 ffffffffffffffff 00000007', {}],
  [5, '00000001 000174 00000001 00000003 0006 0000000000000001 ffffffffffffffff 0000000000000000 00000007', {}],
  [
    8,
    '00000001 000174 00000001 00000003 0006 0000000000000001 ffffffffffffffff 0000000000000000 00000001 00000002 0001 61 ffff 00000007',
    { recordErrors: [{ index: 2, message: 'a' }], message: undefined },
  ],
  [
    // With the leader that the broker names for error 6, in tagged fields.
    11,
    '02 0274 02 00000003 0006 0000000000000001 ffffffffffffffff 0000000000000000 02 00000002 00 00 02 61 01 00 09 00000001 00000002 00 00 00000007 01 00 01 01',
    { recordErrors: [{ index: 2, message: undefined }], message: 'a' },
  ],
])('an answer of version %i is read', (version, answer, more) => {
  const form = version >= PRODUCE.flexibleSince ? 'flexible' : 'classic'
  const read = PRODUCE.read(byteReader(hex(answer), 'the answer', form), version)
  expect(read).toEqual({ throttleMs: 7, batches: [{ topic: 't', partition: 3, errorCode: 6, baseOffset: 1, ...more }] })
})
