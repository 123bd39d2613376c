import { describe, expect, test } from 'vitest'
import { internals } from '../../kafkajs/internals.ts'
import { call } from '../cluster/api.ts'
import type { Api } from '../cluster/api.ts'
import { FIND_TRANSACTION_COORDINATOR } from '../cluster/find-coordinator.ts'
import { OFFSET_COMMIT, OFFSET_FETCH } from '../group/offset-requests.ts'
import { byteReader } from '../protocol/byte-reader.ts'
import { byteWriter } from '../protocol/byte-writer.ts'
import type { RawRequest, RawRequests } from '../protocol/connection.ts'
import * as requests from './transaction-requests.ts'

const PRODUCER = { transactionalId: 'tx', producerId: 7, producerEpoch: 2 }
const MEMBER = { groupId: 'g', generationId: 5, memberId: 'm', groupInstanceId: undefined }
const PARTITIONS = [
  { topic: 'a', partition: 1 },
  { topic: 'b', partition: 0 },
  { topic: 'a', partition: 3 },
]
const OFFSETS = [{ topic: 'a', partition: 1, offset: 300, metadata: 'me' }]

/** Hex, with spaces between fields. */
const hex = (text: string) => text.replaceAll(' ', '')

/** The bytes of `PRODUCER`, in the flexible form. */
const P = '03 7478 0000000000000007 0002'

describe('a request is written', () => {
  const rows: [Api<never, unknown>, version: number, request: unknown, bytes: string][] = [
    [FIND_TRANSACTION_COORDINATOR, 2, { transactionalId: 'tx' }, '0002 7478 01'],
    [FIND_TRANSACTION_COORDINATOR, 3, { transactionalId: 'tx' }, '03 7478 01 00'],
    [
      requests.INIT_PRODUCER_ID,
      4,
      { transactionalId: 'tx', transactionTimeoutMs: 10_000, producerId: -1, producerEpoch: -1 },
      '03 7478 00002710 ffffffffffffffff ffff 00',
    ],
    [
      requests.ADD_PARTITIONS_TO_TXN,
      3,
      { ...PRODUCER, partitions: PARTITIONS },
      `${P} 03 0261 03 00000001 00000003 00 0262 02 00000000 00 00`,
    ],
    [requests.ADD_OFFSETS_TO_TXN, 3, { ...PRODUCER, groupId: 'g' }, `${P} 0267 00`],
    [requests.END_TXN, 5, { ...PRODUCER, committed: true }, `${P} 01 00`],
    [requests.END_TXN, 1, { ...PRODUCER, committed: false }, '0002 7478 0000000000000007 0002 00'],
    [
      requests.TXN_OFFSET_COMMIT,
      3,
      { ...PRODUCER, ...MEMBER, offsets: OFFSETS },
      '03 7478 0267 0000000000000007 0002 00000005 026d 00 02 0261 02 00000001 000000000000012c ffffffff 03 6d65 00 00 00',
    ],
    [
      requests.TXN_OFFSET_COMMIT,
      5,
      { ...PRODUCER, ...MEMBER, groupInstanceId: 'i', offsets: [] },
      '03 7478 0267 0000000000000007 0002 00000005 026d 0269 01 00',
    ],
    [
      OFFSET_FETCH,
      7,
      { groupId: 'g', partitions: PARTITIONS, requireStable: true },
      '0267 03 0261 03 00000001 00000003 00 0262 02 00000000 00 01 00',
    ],
    [
      OFFSET_COMMIT,
      7,
      { ...MEMBER, groupInstanceId: 'i', offsets: OFFSETS },
      '000167 00000005 00016d 000169 00000001 000161 00000001 00000001 000000000000012c ffffffff 0002 6d65',
    ],
    [
      OFFSET_COMMIT,
      8,
      { ...MEMBER, offsets: OFFSETS },
      '0267 00000005 026d 00 02 0261 02 00000001 000000000000012c ffffffff 03 6d65 00 00 00',
    ],
  ]
  test.each(rows.map(([api, version, ...rest]) => [api.name, version, api, ...rest] as const))(
    '%s %i',
    (_, version, api, request, bytes) => {
      const to = byteWriter(version >= api.flexibleSince ? 'flexible' : 'classic', 1)
      api.write(to, request as never, version)
      expect(to.done().toString('hex')).toBe(hex(bytes))
    },
  )

  test('equals that of KafkaJS, in the versions that KafkaJS has', async () => {
    const kafkajs = await internals()
    const theirs = async (name: string, version: number, args: unknown) =>
      (await kafkajs.requests[name]!.protocol({ version })(args).request.encode()).buffer.toString('hex')
    const ours = (api: Api<never, unknown>, version: number, request: unknown) => {
      const to = byteWriter()
      api.write(to, request as never, version)
      return to.done().toString('hex')
    }
    const topics = [
      { topic: 'a', partitions: [1, 3] },
      { topic: 'b', partitions: [0] },
    ]
    expect(ours(requests.ADD_PARTITIONS_TO_TXN, 1, { ...PRODUCER, partitions: PARTITIONS })).toBe(
      await theirs('AddPartitionsToTxn', 1, { ...PRODUCER, topics }),
    )
    expect(ours(requests.ADD_OFFSETS_TO_TXN, 1, { ...PRODUCER, groupId: 'g' })).toBe(
      await theirs('AddOffsetsToTxn', 1, { ...PRODUCER, groupId: 'g' }),
    )
    expect(ours(requests.END_TXN, 1, { ...PRODUCER, committed: true })).toBe(
      await theirs('EndTxn', 1, { ...PRODUCER, transactionResult: true }),
    )
    expect(ours(FIND_TRANSACTION_COORDINATOR, 2, { transactionalId: 'tx' })).toBe(
      await theirs('GroupCoordinator', 2, { groupId: 'tx', coordinatorType: 1 }),
    )
    const offsets = [{ topic: 'a', partitions: [{ partition: 1, offset: '300', metadata: 'me' }] }]
    for (const version of [2, 3, 4, 5])
      expect(ours(OFFSET_COMMIT, version, { ...MEMBER, offsets: OFFSETS })).toBe(
        await theirs('OffsetCommit', version, {
          groupId: 'g',
          groupGenerationId: 5,
          memberId: 'm',
          retentionTime: -1,
          topics: offsets,
        }),
      )
  })
})

describe('an answer is read', () => {
  const rows: [Api<never, unknown>, version: number, bytes: string, answer: object][] = [
    [
      FIND_TRANSACTION_COORDINATOR,
      3,
      '00000000 0000 00 00000001 0268 00002384 00',
      { errorCode: 0, nodeId: 1, host: 'h', port: 9092 },
    ],
    [
      requests.INIT_PRODUCER_ID,
      5,
      '00000009 0000 0000000000000007 0002 00',
      { throttleMs: 9, errorCode: 0, producerId: 7, producerEpoch: 2 },
    ],
    [
      requests.ADD_PARTITIONS_TO_TXN,
      3,
      '00000000 02 0261 03 00000001 0000 00 00000003 0037 00 00 00',
      {
        partitions: [
          { topic: 'a', partition: 1, errorCode: 0 },
          { topic: 'a', partition: 3, errorCode: 55 },
        ],
      },
    ],
    [requests.ADD_OFFSETS_TO_TXN, 3, '00000000 0033 00', { errorCode: 51 }],
    [requests.END_TXN, 3, '00000000 0030 00', { errorCode: 48, next: undefined }],
    [
      requests.END_TXN,
      5,
      '00000000 0000 0000000000000007 0003 00',
      { errorCode: 0, next: { producerId: 7, producerEpoch: 3 } },
    ],
    [
      requests.TXN_OFFSET_COMMIT,
      3,
      '00000000 02 0261 02 00000001 0016 00 00 00',
      { partitions: [{ topic: 'a', partition: 1, errorCode: 22 }] },
    ],
    [
      OFFSET_FETCH,
      7,
      // The second partition has no metadata, and a tagged field that is not known.
      '00000000 02 0261 03 00000001 000000000000012c ffffffff 036d65 0000 00 00000002 ffffffffffffffff ffffffff 00 0058 01 05 02 abcd 00 0010 00',
      {
        errorCode: 16,
        partitions: [
          { topic: 'a', partition: 1, offset: 300, metadata: 'me', errorCode: 0 },
          { topic: 'a', partition: 2, offset: -1, metadata: '', errorCode: 88 },
        ],
      },
    ],
    [
      OFFSET_COMMIT,
      2,
      '00000001 000161 00000001 00000001 0019',
      { partitions: [{ topic: 'a', partition: 1, errorCode: 25 }] },
    ],
  ]
  test.each(rows.map(([api, version, ...rest]) => [api.name, version, api, ...rest] as const))(
    '%s %i',
    (_, version, api, bytes, answer) => {
      const form = version >= api.flexibleSince ? 'flexible' : 'classic'
      const read = byteReader(Buffer.from(hex(bytes), 'hex'), 'the answer', form)
      expect(api.read(read, version)).toMatchObject(answer)
    },
  )

  test.each([
    ['two billion topics', '00000000 ffffffff07 0261'],
    ['a length without an end', '00000000 ffffffffffff'],
    ['a topic longer than the answer', '00000000 02 ff7f 61'],
    ['no end', '00000000 02 0261 02 000000'],
  ])('with %s is refused', (_, bytes) => {
    const read = byteReader(Buffer.from(hex(bytes), 'hex'), 'the answer', 'flexible')
    expect(() => requests.TXN_OFFSET_COMMIT.read(read, 3)).toThrow('the answer cannot be read')
  })
})

describe('a call', () => {
  function connection(max: number, min = 0) {
    const sent: RawRequest[] = []
    const muted: number[] = []
    const raw: RawRequests = {
      address: { nodeId: 1, host: 'h', port: 1 },
      versions: (apiKey) => (apiKey === requests.END_TXN.key ? { min, max } : undefined),
      feature: () => 0,
      mute: (ms) => void muted.push(ms),
      async request(request) {
        sent.push(request)
        return Buffer.from(hex('00000007 0000 0000000000000007 0003 00'), 'hex')
      },
    }
    return { raw, sent, muted }
  }
  const request = { ...PRODUCER, committed: true }

  test('uses the newest version that both sides know, and obeys the throttling of its answer', async () => {
    for (const [max, newest, version, flexible] of [
      [9, undefined, 5, true],
      [9, 3, 3, true],
      [2, undefined, 2, false],
    ] as const) {
      const { raw, sent, muted } = connection(max)
      await call(raw, requests.END_TXN, request, newest)
      expect(sent).toMatchObject([{ api: 'EndTxn', apiKey: 26, version, flexible }])
      expect(muted).toEqual([7])
    }
  })

  test('is refused with UNSUPPORTED if the sides have no version in common', async () => {
    await expect(call(connection(9, 6).raw, requests.END_TXN, request)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/EndTxn.*\(0 to 5\)/),
    })
    await expect(call(connection(9).raw, requests.ADD_OFFSETS_TO_TXN, { ...PRODUCER, groupId: 'g' })).rejects.toThrow(
      'AddOffsetsToTxn',
    )
  })
})
