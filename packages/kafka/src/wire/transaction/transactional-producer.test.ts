import { SnapstreamError } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import type { ProduceBatch, TransactionalProducer } from '../../driver/driver.ts'
import { scriptedBroker } from '../../fixtures/scripted-broker.ts'
import { isGenerationOver } from '../group/coordinator.ts'
import { transactionalProducer } from './transactional-producer.ts'

const client = { brokers: ['n:1'], clientId: 'c', connectTimeoutMs: 500, requestTimeoutMs: 1000 }
const settings = {
  transactionalId: 'tx',
  transactionTimeoutMs: 10_000,
  deliveryTimeoutMs: 1000,
  compression: 'none',
} as const
const [TV1, TV2] = [1, 2] as const

/** A producer whose id is initialised, with the epoch 1. The log begins behind that. */
async function open(transactionVersion: number, more: Partial<typeof settings> = {}) {
  const broker = scriptedBroker(transactionVersion)
  const connect = async () => broker.connection
  const producer = await transactionalProducer(connect, client, { ...settings, ...more })
  const started = broker.log.splice(0)
  return { broker, producer, started, log: broker.log }
}

const batch = (partition = 0, count = 1): ProduceBatch => ({
  topic: 't',
  partition,
  records: Array.from({ length: count }, () => ({ key: null, value: Buffer.from('a'), headers: [], timestamp: 0 })),
})
const group = { groupId: 'g', memberId: 'm', generationId: 3, groupInstanceId: undefined }
const offsets = [{ topic: 't', partition: 1, offset: 5, metadata: '!' }]
const ABORTED = { code: 'TRANSACTION_ABORTED' }
const FENCED = { code: 'FENCED' }

const init = (current = '-1/-1') => `InitProducerId tx 10000 ms ${current}`
const produce = (what: string, version: number, epoch = 1) => `Produce ${what} 7/${epoch} tx v${version} acks -1`
const add = (what: string, epoch = 1) => `AddPartitionsToTxn ${what} 7/${epoch}`
const end = (how: 'commit' | 'abort', epoch = 1) => `EndTxn ${how} 7/${epoch}`

test('the id is initialised when the producer is made, once the transaction that it left open has ended', async () => {
  expect((await open(TV2)).started).toEqual(['FindCoordinator tx of type 1', init()])
  const broker = scriptedBroker(TV2)
  broker.next('InitProducerId', 51, 14)
  await transactionalProducer(async () => broker.connection, client, settings)
  expect(broker.log.slice(1)).toEqual([init(), init(), init()])
})

describe('making a producer rejects, and leaves no connection open, for', () => {
  test.each([
    [50, 'USAGE', /10000 ms.*transaction\.max\.timeout\.ms/],
    [53, 'AUTHENTICATION_REFUSED', /"tx".*Write on that TransactionalId, or on a prefix/],
    [-1, 'KAFKA_FAILED', /initialise the transactional id "tx".*UNKNOWN_SERVER_ERROR/],
  ] as const)('error %i', async (errorCode, code, message) => {
    const broker = scriptedBroker(TV2)
    let closed = 0
    const connection = { ...broker.connection, close: async () => void closed++ }
    broker.next('InitProducerId', errorCode)
    const making = transactionalProducer(async () => connection, client, settings)
    await expect(making).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    expect(closed).toBe(1)
  })
})

describe('a transaction', () => {
  test('before transaction.version 2 gets its partitions and groups first, in one request for all of a send', async () => {
    const { producer, log } = await open(TV1)
    expect(await producer.send([batch(0, 2), batch(1)])).toEqual([{}, {}])
    expect(await producer.send([batch(0), batch(2)])).toEqual([{}, {}])
    await producer.sendOffsets(group, offsets)
    await producer.sendOffsets(group, offsets)
    await producer.commit()
    expect(log).toEqual([
      add('t/0 t/1'),
      produce('t/0 #0 t/1 #0', TV1),
      add('t/2'),
      produce('t/0 #2 t/2 #0', TV1),
      'AddOffsetsToTxn g 7/1',
      'FindCoordinator g of type 0',
      'TxnOffsetCommit g 3 m - t/1=5! 7/1',
      'TxnOffsetCommit g 3 m - t/1=5! 7/1',
      end('commit'),
    ])
  })

  test('before transaction.version 2 goes on with the epoch and the sequences of the one before', async () => {
    const { producer, log } = await open(TV1)
    await producer.send([batch(0, 2)])
    await producer.commit()
    await producer.send([batch()])
    await producer.abort()
    await producer.send([batch()])
    expect(log).toEqual([
      add('t/0'),
      produce('t/0 #0', TV1),
      end('commit'),
      add('t/0'),
      produce('t/0 #2', TV1),
      end('abort'),
      add('t/0'),
      produce('t/0 #3', TV1),
    ])
  })

  test('of transaction.version 2 has no requests but its own, and the next one has another epoch', async () => {
    const { producer, log } = await open(TV2)
    await producer.send([batch(0, 2), batch(1)])
    await producer.sendOffsets(group, offsets)
    await producer.commit()
    await producer.send([batch()])
    await producer.abort()
    await producer.sendOffsets(group, offsets)
    await producer.commit()
    expect(log).toEqual([
      produce('t/0 #0 t/1 #0', TV2),
      'FindCoordinator g of type 0',
      'TxnOffsetCommit g 3 m - t/1=5! 7/1',
      end('commit'),
      produce('t/0 #0', TV2, 2),
      end('abort', 2),
      'TxnOffsetCommit g 3 m - t/1=5! 7/3',
      end('commit', 3),
    ])
  })

  test('of which nothing was sent ends without a request', async () => {
    const { producer, log } = await open(TV2)
    await producer.commit()
    await producer.abort()
    await producer.sendOffsets(group, [])
    await producer.commit()
    expect(log).toEqual([])
  })

  test('of which everything was refused is aborted when it is committed, as the brokers may not know it', async () => {
    const { broker, producer, log } = await open(TV2)
    broker.next('Produce', 10)
    expect(await producer.send([batch()])).toMatchObject([{ error: { code: 'RECORD_TOO_LARGE' }, retriable: false }])
    await producer.commit()
    expect(log).toEqual([produce('t/0 #0', TV2), end('abort')])
    expect(await producer.send([batch()])).toEqual([{}])
  })

  test('is not ended while a batch is in flight', async () => {
    const { broker, producer, log } = await open(TV2)
    let answer = () => {}
    const held = new Promise<void>((resolve) => (answer = resolve))
    const { produce: write } = broker.connection
    Object.assign(broker.connection, {
      produce: async (request: never) => {
        await held
        return write(request)
      },
    })
    const sending = producer.send([batch()])
    const aborting = producer.abort()
    await Promise.resolve()
    answer()
    await Promise.all([sending, aborting])
    expect(log).toEqual([produce('t/0 #0', TV2), end('abort')])
  })

  test('goes on with another producer id when the epochs of one are over', async () => {
    const { broker, producer, log } = await open(TV2)
    await producer.send([batch()])
    const { request } = broker.connection
    Object.assign(broker.connection, {
      async request(raw: { apiKey: number }) {
        const bytes = await request(raw as never)
        // The answer of EndTxn: throttle time, error code, producer id, epoch.
        if (raw.apiKey === 26) {
          bytes.writeBigInt64BE(8n, 6)
          bytes.writeInt16BE(0, 14)
        }
        return bytes
      },
    })
    await producer.commit()
    await producer.send([batch()])
    expect(log.at(-1)).toBe('Produce t/0 #0 8/0 tx v2 acks -1')
  })
})

describe('a coordinator that is busy, or has moved, is asked again', () => {
  const steps: [name: 'AddPartitionsToTxn' | 'AddOffsetsToTxn' | 'TxnOffsetCommit' | 'EndTxn', version: number][] = [
    ['AddPartitionsToTxn', TV1],
    ['AddOffsetsToTxn', TV1],
    ['TxnOffsetCommit', TV1],
    ['TxnOffsetCommit', TV2],
    ['EndTxn', TV1],
    ['EndTxn', TV2],
  ]
  test.each(steps)('for %s (transaction.version %i)', async (name, version) => {
    const { broker, producer, log } = await open(version)
    broker.next(name, 14, 15, 16, 51, 'lost')
    expect(await producer.send([batch()])).toEqual([{}])
    await producer.sendOffsets(group, offsets)
    await producer.commit()
    expect(log.filter((line) => line.startsWith(name))).toHaveLength(6)
    // The coordinator that is busy is the right one: 15, 16, and the lost answer.
    const key = name === 'TxnOffsetCommit' ? 'g of type 0' : 'tx of type 1'
    expect(log.filter((line) => line.endsWith(key))).toHaveLength(name === 'TxnOffsetCommit' ? 4 : 3)
  })

  test('for a batch, which keeps its sequence', async () => {
    const { broker, producer, log } = await open(TV2)
    broker.next('Produce', 51, 51)
    expect(await producer.send([batch()])).toEqual([{}])
    expect(log).toEqual([produce('t/0 #0', TV2), produce('t/0 #0', TV2), produce('t/0 #0', TV2)])
  })

  test('until deliveryTimeoutMs, and then rejects with its code', async () => {
    const { broker, producer } = await open(TV1, { deliveryTimeoutMs: 100 as never })
    await producer.send([batch()])
    const always = Array.from({ length: 1000 }, () => 51)
    broker.next('AddOffsetsToTxn', ...always)
    await expect(producer.sendOffsets(group, offsets)).rejects.toMatchObject({ code: 'KAFKA_FAILED' })
    broker.next('EndTxn', ...Array.from({ length: 1000 }, () => 'lost' as const))
    await expect(producer.commit()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
  })
})

describe('a batch', () => {
  test('whose answer was lost is sent again with its sequence', async () => {
    const { broker, producer, log } = await open(TV2)
    broker.next('Produce', 'lost', 46)
    const one = batch()
    expect(await producer.send([one])).toMatchObject([{ error: { code: 'BROKER_UNREACHABLE' }, retriable: true }])
    expect(await producer.send([one])).toEqual([{}])
    await producer.commit()
    expect(log).toEqual([produce('t/0 #0', TV2), produce('t/0 #0', TV2), end('commit')])
  })

  test.each([TV1, TV2])(
    'that was given up, and may have been written, is not committed (transaction.version %i)',
    async (version) => {
      const { broker, producer, log } = await open(version)
      broker.next('Produce', 7)
      expect(await producer.send([batch()])).toMatchObject([{ retriable: true }])
      await expect(producer.commit()).rejects.toMatchObject({ ...ABORTED, message: /partition 0 of "t".*given up/ })
      expect(await producer.send([batch()])).toMatchObject([{ error: ABORTED, retriable: false }])
      await producer.abort()
      expect(log.at(-1)).toBe(end('abort'))
      expect(await producer.send([batch()])).toEqual([{}])
      // Another epoch: by the answer of EndTxn, or by InitProducerId with the present one.
      expect(log.at(-1)).toBe(produce('t/0 #0', version, 2))
      expect(log.includes(init('7/1'))).toBe(version === TV1)
    },
  )

  test('of other records after one that was given up is refused', async () => {
    const { broker, producer, log } = await open(TV2)
    broker.next('Produce', 7)
    await producer.send([batch()])
    expect(await producer.send([batch()])).toMatchObject([{ error: ABORTED, retriable: false }])
    expect(log).toHaveLength(1)
  })

  test.each([45, 46, 48, 49, 59, 120])(
    'with error %i ends the transaction, and the next one is fine',
    async (errorCode) => {
      for (const version of [TV1, TV2]) {
        const { broker, producer, log } = await open(version)
        broker.next('Produce', errorCode)
        expect(await producer.send([batch()])).toMatchObject([{ error: ABORTED, retriable: false }])
        expect(await producer.send([batch(1)])).toMatchObject([{ error: ABORTED, retriable: false }])
        await expect(producer.sendOffsets(group, offsets)).rejects.toMatchObject(ABORTED)
        await expect(producer.commit()).rejects.toMatchObject(ABORTED)
        await producer.abort()
        expect(await producer.send([batch()])).toEqual([{}])
        await producer.commit()
        expect(log.slice(-3).concat(version === TV1 ? log.filter((line) => line === init('7/1')) : [])).toEqual(
          version === TV1
            ? [add('t/0', 2), produce('t/0 #0', TV1, 2), end('commit', 2), init('7/1')]
            : [end('abort', 1), produce('t/0 #0', TV2, 2), end('commit', 2)],
        )
      }
    },
  )

  test.each([47, 90])('with error %i is fenced, and the next send after abort fences the other', async (errorCode) => {
    const { broker, producer, log } = await open(TV2)
    broker.next('Produce', errorCode)
    expect(await producer.send([batch()])).toMatchObject([{ error: FENCED, retriable: false }])
    expect(await producer.send([batch(1)])).toMatchObject([{ error: FENCED, retriable: false }])
    await expect(producer.commit()).rejects.toMatchObject(FENCED)
    await producer.abort()
    expect(await producer.send([batch()])).toEqual([{}])
    expect(log).toEqual([produce('t/0 #0', TV2), init(), produce('t/0 #0', TV2, 2)])
  })

  test('that was refused is no part of the transaction, which goes on', async () => {
    const { broker, producer, log } = await open(TV2)
    broker.next('Produce', 87)
    const refused = await producer.send([batch()])
    expect(refused).toMatchObject([{ retriable: false }])
    expect(refused[0]?.error && 'refused' in refused[0]).toBe(true)
    expect(await producer.send([batch()])).toEqual([{}])
    await producer.commit()
    expect(log.at(-1)).toBe(end('commit'))
  })

  test.each([
    [29, 'AUTHENTICATION_REFUSED', false],
    [3, 'TOPIC_MISSING', true],
    [55, 'KAFKA_FAILED', true],
  ])('whose partition cannot be added for error %i fails alone with %s', async (errorCode, code, retriable) => {
    const { broker, producer, log } = await open(TV1)
    await producer.send([batch(0)])
    broker.next('AddPartitionsToTxn', errorCode)
    expect(await producer.send([batch(0), batch(1)])).toMatchObject([{}, { error: { code, topic: 't' }, retriable }])
    expect(log.at(-1)).toBe(produce('t/0 #1', TV1))
    await producer.commit()
  })
})

describe('offsets', () => {
  test.each([22, 25, 27])('of a generation that is over (error %i) leave the transaction open', async (errorCode) => {
    const { broker, producer, log } = await open(TV2)
    await producer.send([batch()])
    broker.next('TxnOffsetCommit', errorCode)
    const error = await producer.sendOffsets(group, offsets).catch((thrown: unknown) => thrown)
    expect(SnapstreamError.is(error)).toBe(true)
    expect(isGenerationOver(error)).toBe(true)
    await producer.sendOffsets({ ...group, generationId: 4 }, offsets)
    await producer.commit()
    expect(log.slice(-2)).toEqual(['TxnOffsetCommit g 4 m - t/1=5! 7/1', end('commit')])
  })

  test('of a static member whose name was taken are FENCED, and the id is still its own', async () => {
    const { broker, producer, log } = await open(TV2)
    broker.next('TxnOffsetCommit', 82)
    const error = await producer.sendOffsets(group, offsets).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject(FENCED)
    expect(isGenerationOver(error)).toBe(false)
    await expect(producer.commit()).rejects.toMatchObject(FENCED)
    await producer.abort()
    expect(log.at(-1)).toBe(end('abort'))
  })

  test.each([
    ['TxnOffsetCommit', 47],
    ['TxnOffsetCommit', 90],
    ['AddOffsetsToTxn', 90],
  ] as const)('are FENCED by %s with error %i', async (name, errorCode) => {
    const { broker, producer, log } = await open(TV1)
    broker.next(name, errorCode)
    await expect(producer.sendOffsets(group, offsets)).rejects.toMatchObject(FENCED)
    await producer.abort()
    await producer.sendOffsets(group, offsets)
    expect(log.filter((line) => line.startsWith('InitProducerId'))).toEqual([init()])
  })

  test.each([48, 49, 120])('with error %i end the transaction', async (errorCode) => {
    const { broker, producer } = await open(TV2)
    broker.next('TxnOffsetCommit', errorCode)
    await expect(producer.sendOffsets(group, offsets)).rejects.toMatchObject(ABORTED)
    await expect(producer.commit()).rejects.toMatchObject(ABORTED)
    await producer.abort()
    await producer.sendOffsets(group, offsets)
    await producer.commit()
  })

  test('that this user must not commit are AUTHENTICATION_REFUSED', async () => {
    const { broker, producer } = await open(TV2)
    broker.next('TxnOffsetCommit', 30)
    await expect(producer.sendOffsets(group, offsets)).rejects.toMatchObject({
      code: 'AUTHENTICATION_REFUSED',
      message: /offsets of the group "g" to the transaction of "tx"/,
    })
  })
})

describe('a commit', () => {
  const begun = async (version: number, more: Partial<typeof settings> = {}) => {
    const one = await open(version, more)
    await one.producer.send([batch()])
    one.log.length = 0
    return one
  }
  const nextSend = async (producer: TransactionalProducer) => expect(await producer.send([batch()])).toEqual([{}])

  test('that the coordinator has aborted by its time-out (error 48) is TRANSACTION_ABORTED', async () => {
    for (const version of [TV1, TV2]) {
      const { broker, producer, log } = await begun(version)
      broker.next('EndTxn', 48, 48)
      await expect(producer.commit()).rejects.toMatchObject(ABORTED)
      await producer.abort()
      await nextSend(producer)
      expect(log.slice(0, 3)).toEqual([end('commit'), end('abort'), init('7/1')])
    }
  })

  test.each([47, 90])('of a producer that was fenced (error %i) is FENCED', async (errorCode) => {
    const { broker, producer, log } = await begun(TV2)
    broker.next('EndTxn', errorCode)
    await expect(producer.commit()).rejects.toMatchObject(FENCED)
    await producer.abort()
    await nextSend(producer)
    expect(log).toEqual([end('commit'), init(), produce('t/0 #0', TV2, 2)])
  })

  test('whose answer was lost is sent again, and a delayed one cannot end the next transaction', async () => {
    for (const version of [TV1, TV2]) {
      const { broker, producer, log } = await begun(version)
      broker.next('EndTxn', 'lost')
      await producer.commit()
      await nextSend(producer)
      expect(log.filter((line) => !line.startsWith('FindCoordinator')).slice(0, 3)).toEqual([
        end('commit'),
        // The broker wrote the transaction the first time.
        end('commit'),
        version === TV1 ? init('7/1') : produce('t/0 #0', TV2, 3),
      ])
    }
  })

  test('that is not answered in time can be sent again, and the transaction cannot be aborted', async () => {
    const { broker, producer, log } = await begun(TV1, { deliveryTimeoutMs: 1 as never })
    broker.next('EndTxn', 'lost')
    await expect(producer.commit()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
    await expect(producer.abort()).rejects.toMatchObject({ code: 'KAFKA_FAILED', message: /its commit was sent/ })
    expect(await producer.send([batch(1)])).toMatchObject([{ error: ABORTED, retriable: false }])
    await producer.commit()
    await nextSend(producer)
    expect(log.filter((line) => line.startsWith('EndTxn'))).toEqual([end('commit'), end('commit')])
  })
})

describe('an abort', () => {
  test.each([47, 48, 49, 90])('that is not needed any more (error %i) is fine', async (errorCode) => {
    const { broker, producer, log } = await open(TV2)
    await producer.send([batch()])
    broker.next('EndTxn', errorCode)
    await producer.abort()
    expect(await producer.send([batch()])).toEqual([{}])
    // Of a producer that was fenced, the epoch is no one's any more.
    const current = errorCode === 47 || errorCode === 90 ? '-1/-1' : '7/1'
    expect(log.slice(1)).toEqual([end('abort'), init(current), produce('t/0 #0', TV2, 2)])
  })

  test('that is not answered in time can be sent again', async () => {
    const { broker, producer, log } = await open(TV2, { deliveryTimeoutMs: 1 as never })
    await producer.send([batch()])
    broker.next('EndTxn', 'lost')
    await expect(producer.abort()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' })
    expect(await producer.send([batch()])).toMatchObject([{ error: ABORTED, retriable: false }])
    await producer.abort()
    expect(log.slice(-1)).toEqual([end('abort')])
  })
})

describe('initialising the id again', () => {
  test('is FENCED if another producer has it by now', async () => {
    const { broker, producer, log } = await open(TV1)
    broker.next('Produce', 45)
    await producer.send([batch()])
    await producer.abort()
    broker.next('InitProducerId', 90)
    expect(await producer.send([batch()])).toMatchObject([{ error: FENCED, retriable: false }])
    await producer.abort()
    expect(await producer.send([batch()])).toEqual([{}])
    expect(log.filter((line) => line.startsWith('InitProducerId'))).toEqual([init('7/1'), init()])
  })

  test('gives another id if the coordinator does not know the present one', async () => {
    const { broker, producer, log } = await open(TV1)
    broker.next('Produce', 59)
    await producer.send([batch()])
    await producer.abort()
    broker.next('InitProducerId', 49)
    expect(await producer.send([batch()])).toEqual([{}])
    expect(log.filter((line) => line.startsWith('InitProducerId'))).toEqual([init('7/1'), init()])
  })

  test('that fails with a retriable error makes the batch retriable', async () => {
    const { broker, producer } = await open(TV1, { deliveryTimeoutMs: 1 as never })
    broker.next('Produce', 45)
    await producer.send([batch()])
    await producer.abort()
    broker.next('InitProducerId', 14)
    expect(await producer.send([batch()])).toMatchObject([{ retriable: true }])
    expect(await producer.send([batch()])).toEqual([{}])
  })
})

test('a producer that is closed refuses batches, and ends its retries', async () => {
  const { broker, producer } = await open(TV2, { deliveryTimeoutMs: 60_000 as never })
  await producer.send([batch()])
  broker.next('EndTxn', ...Array.from({ length: 1000 }, () => 51))
  const committing = producer.commit()
  committing.catch(() => {})
  await producer.close()
  await expect(committing).rejects.toMatchObject({ code: 'KAFKA_FAILED' })
})
