import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { SnapstreamError, toError } from '@snapstream/core'
import type { ConsumerSettings, Driver, DriverClient, DriverProducer } from '../driver/driver.ts'
import { startFakeBroker } from './fake-broker.ts'
import type { FakeBroker } from './fake-broker.ts'
import type { TestRunner } from './harness.ts'
import { hostileAnswers } from './hostile-answers.ts'
import type { HostileCase } from './hostile-case.ts'
import { hostileGroups } from './hostile-groups.ts'
import { hostileConnections } from './hostile-connections.ts'
import { hostileTransactions } from './hostile-transactions.ts'

/** How long a case may take with these settings on a busy machine, in ms. Retries end after 3 s. */
const LIMIT_MS = 20_000
/** How many requests a driver may send in a second to a broker that goes on refusing. */
const MOST_A_SECOND = 150

const CLIENT = { clientId: 'c', connectTimeoutMs: 3000, requestTimeoutMs: 1000, receiveMaxBytes: 1 << 20 }
/** The time limit for a broker that answers. A busy machine must not exceed it. */
const ANSWERED_MS = 10_000

const READING: ConsumerSettings = {
  groupId: null,
  topics: ['t'],
  autoOffsetReset: 'earliest',
  onOffsetOutOfRange: 'earliest',
  sessionTimeoutMs: 2000,
  heartbeatIntervalMs: 200,
  rebalanceTimeoutMs: 1000,
  fetchMaxBytes: 1 << 19,
  maxDecompressedBytes: 1 << 27,
  fetchMaxWaitMs: 100,
  isolationLevel: 'read_committed',
  assigned: async () => {},
  revoked: async () => {},
}

/**
 * A broker, or anything in its place, must not be able to end the process of a driver, to keep it busy, to fill its memory or
 * to leave it waiting. Each case is one misbehaviour of a fake broker. The driver has to give a named error in time, to send
 * no more requests than it should, and to leave no socket open. No real broker is needed.
 */
export function hostileConformance(runner: TestRunner, driver: Driver): void {
  const { test, concurrent = test, describe = (_, run) => run() } = runner
  describe(`the ${driver.name} driver and a broker that`, () => {
    for (const one of [...hostileConnections(), ...hostileAnswers(), ...hostileGroups(), ...hostileTransactions()])
      concurrent(one.name, () => bear(one, driver), 2 * LIMIT_MS)
  })
}

async function bear(one: HostileCase, driver: Driver): Promise<void> {
  const loose: unknown[] = []
  const onLoose = (error: unknown) => void loose.push(error)
  process.on('unhandledRejection', onLoose)
  const broker = await startFakeBroker(one.script)
  try {
    const { tls, sasl, silent } = one
    const client = driver.client({
      brokers: [`127.0.0.1:${broker.port}`],
      ...CLIENT,
      ...(!silent && { requestTimeoutMs: ANSWERED_MS }),
      // A login that is refused is not tried again.
      ...(!silent && sasl && { connectTimeoutMs: ANSWERED_MS }),
      ...(tls && { tls: { checkHostname: false } }),
      ...(sasl && { sasl: { mechanism: sasl, username: 'user', password: 'pencil' } }),
    })
    const error = await inTime(one, meet(client, one))
    assert.ok(SnapstreamError.is(error), `expected a SnapstreamError, got ${toError(error).message}`)
    assert.match(`${error.code}: ${error.message}`, one.expect)
    assert.ok(!`${error.message}${error.stack}`.includes('pencil'), 'it shows the password')
    await leavesNothingOpen(broker)
  } finally {
    await broker.close()
    process.off('unhandledRejection', onLoose)
  }
  assert.deepEqual(loose, [])

  /** The reported or thrown error. Everything is closed by then. */
  async function meet(client: DriverClient, { does, told }: HostileCase): Promise<unknown> {
    if (does === 'ask') return thrownBy(() => ask(client))
    if (does === 'write') return thrownBy(() => write(client))
    if (does === 'transact') return thrownBy(() => transact(client))
    let tell: (error: unknown) => void = () => {}
    const trouble = new Promise<unknown>((resolve) => (tell = resolve))
    let assigned = () => {}
    const isAssigned = new Promise<void>((resolve) => (assigned = resolve))
    const making = client.consumer({
      ...READING,
      groupId: does === 'read' ? null : 'g',
      async assigned(partitions) {
        if (partitions.length > 0) assigned()
      },
      onTrouble: (error) => {
        if (told === true && one.expect.test(`${(error as Partial<SnapstreamError>).code}: ${error.message}`))
          tell(error)
      },
    })
    const error = await thrownBy(async () => {
      const consumer = await making
      const polling = (async () => {
        for (let batch = await consumer.poll(); batch; batch = await consumer.poll()) consumer.release(batch)
      })()
      polling.catch(() => {})
      if (does === 'commit') {
        await Promise.race([isAssigned, polling])
        const committing = consumer.commit([{ topic: 't', partition: 0, offset: 1 }])
        committing.catch(() => {})
        if (!told) return await committing
      }
      if (!told) return await polling
      const said = await Promise.race([trouble, polling])
      const before = broker.asked()
      await sleep(1000)
      const asked = broker.asked() - before
      assert.ok(asked <= MOST_A_SECOND, `it sent ${asked} requests in a second`)
      throw said
    })
    await making.then(
      (consumer) => consumer.close(),
      () => {},
    )
    return error
  }
}

async function ask(client: DriverClient): Promise<void> {
  const admin = await client.admin()
  try {
    await admin.listTopics()
    await admin.offsets('t', 'latest')
  } finally {
    await admin.close()
  }
}

async function write(client: DriverClient): Promise<void> {
  const producer = await client.producer({ acks: -1, compression: 'none', idempotence: true })
  try {
    await send(producer)
  } finally {
    await producer.close()
  }
}

async function transact(client: DriverClient): Promise<void> {
  const producer = await client.transactionalProducer({
    transactionalId: 'tx',
    transactionTimeoutMs: 10_000,
    deliveryTimeoutMs: CLIENT.connectTimeoutMs,
    compression: 'none',
  })
  try {
    await send(producer)
    await producer.commit()
  } finally {
    await producer.close()
  }
}

async function send(producer: DriverProducer): Promise<void> {
  const record = { key: null, value: Buffer.from('a'), headers: [], timestamp: 0 }
  const [result] = await producer.send([{ topic: 't', partition: 0, records: [record] }])
  if (result?.error) throw result.error
}

async function thrownBy(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  return undefined
}

async function inTime<T>({ name }: HostileCase, run: Promise<T>): Promise<T> {
  const ended = new AbortController()
  const late = sleep(LIMIT_MS, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`nothing was heard for ${LIMIT_MS} ms of a broker that ${name}`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([run, late])
  } finally {
    ended.abort()
  }
}

async function leavesNothingOpen(broker: FakeBroker): Promise<void> {
  const end = performance.now() + 5000
  while (broker.open() > 0 && performance.now() < end) await sleep(10)
  assert.equal(broker.open(), 0, `${broker.open()} connections are left open`)
}
