import { randomUUID } from 'node:crypto'
import { createApp, platformHost } from '@snapstream/core'
import { Admin, Topic, transaction } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { startKafka } from '@snapstream/services'
import type { RunningKafka } from '@snapstream/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { drivers } from './drivers.ts'
import { javaClient } from './java-client.ts'
import type { OtherClient } from './other-client.ts'
import { textLine } from './record-line.ts'

interface Names {
  readonly input: string
  readonly output: string
  readonly groupId: string
}

/** The rights of docs/security.md for a stream with exactly-once outputs. Read and Write imply Describe. */
const RIGHTS = {
  input: ({ input }: Names) => ({ resource: 'TOPIC', name: input, pattern: 'LITERAL', operation: 'READ' }),
  output: ({ output }: Names) => ({ resource: 'TOPIC', name: output, pattern: 'LITERAL', operation: 'WRITE' }),
  group: ({ groupId }: Names) => ({ resource: 'GROUP', name: groupId, pattern: 'LITERAL', operation: 'READ' }),
  transaction: ({ groupId }: Names) => ({
    resource: 'TRANSACTIONAL_ID',
    name: `${groupId}.`,
    pattern: 'PREFIXED',
    operation: 'WRITE',
  }),
} as const
type Right = keyof typeof RIGHTS
const ALL = Object.keys(RIGHTS) as Right[]

/** The rights of docs/security.md for the changelog of the store `counts`. */
const OF_CHANGELOG = ['CREATE', 'READ', 'WRITE'] as const
const changelogOf = ({ groupId }: Names) => `${groupId}-counts-changelog`

describe('the rights of a stream with exactly-once outputs', () => {
  let kafka: RunningKafka
  let java: OtherClient
  const security = () => {
    if (kafka.security === undefined) throw new Error('the broker has no security')
    return kafka.security
  }

  beforeAll(async () => {
    const settings = {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
      'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500,
    }
    kafka = await startKafka({ security: true, heapMb: 512, settings })
    java = await javaClient(kafka.brokers)
  }, 300_000)
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
  })

  /** Topics with three records in the input, and a user who has these rights alone. */
  async function given(driver: Driver, rights: readonly Right[]) {
    const id = randomUUID()
    const names = { input: `input-${id}`, output: `output-${id}`, groupId: `group-${id}` }
    await using admin = Admin({ brokers: kafka.brokers, driver })
    // The records have old timestamps.
    const config = { 'retention.ms': '-1' }
    for (const name of [names.input, names.output]) await admin.createTopic(name, { partitions: 1, config })
    await java.produce(
      names.input,
      ['a', 'b', 'c'].map((text) => textLine(0, text)),
    )
    const { username: user } = security()
    await java.ask('allow', { user, rights: rights.map((right) => RIGHTS[right](names)) })
    return names
  }

  /** Connects as the user. */
  function confOf(driver: Driver) {
    const { addresses, username, password } = security()
    return {
      driver,
      brokers: addresses.saslPlaintext,
      securityProtocol: 'sasl_plaintext',
      saslMechanism: 'SCRAM-SHA-512',
      saslUsername: username,
      saslPassword: password,
    } as const
  }

  async function run(driver: Driver, { input, output, groupId }: Names, exactlyOnce = true) {
    const conf = confOf(driver)
    const app = createApp()
    const source = Topic(input, { groupId, until: 'end', conf })
    app.snap(source, { sink: [Topic(output, { exactlyOnce, conf })] })(({ value }) => value)
    await app.stream()
  }

  /** Writes a record to the changelog of a store, and reads it, as a user who has these rights. */
  async function writeAndRestore(driver: Driver, operations: readonly (typeof OF_CHANGELOG)[number][]) {
    const names = await given(driver, ['input', 'group'])
    const { username: user } = security()
    const rights = operations.map((operation) => ({
      resource: 'TOPIC',
      name: changelogOf(names),
      pattern: 'LITERAL',
      operation,
    }))
    await java.ask('allow', { user, rights })
    const source = Topic(names.input, { groupId: names.groupId, conf: confOf(driver) })
    const { signal } = new AbortController()
    const changelog = await source['~snapstream.changelog']({
      store: 'counts',
      host: platformHost(),
      scope: new Map(),
      signal,
      trouble() {},
      sources: [source],
      exactlyOnce: false,
      enabled: true,
      replicationFactor: undefined,
      retentionMs: undefined,
      standbys: 0,
      endpoint: undefined,
      held: () => new Map(),
      standby() {},
    })
    try {
      await changelog.send(0, 'a', '1')
      expect(await changelog.flush()).toEqual(new Map([[0, 1]]))
      let count = 0
      for await (const { length } of changelog.read(0, { from: undefined, follow: false, signal })) count += length
      expect(count).toBe(1)
    } finally {
      await changelog.close()
    }
  }

  /** The broker makes records visible after it has confirmed the commit. */
  const expectWritten = (driver: Driver, names: Names, values: readonly string[]) =>
    expect.poll(() => written(driver, names), { timeout: 20_000, interval: 200 }).toEqual(values)

  const written = async (driver: Driver, { output }: Names) => {
    const values: string[] = []
    for await (const { value } of Topic(output, { conf: { brokers: kafka.brokers, driver } }).slice())
      values.push(value)
    return values
  }

  describe.each(drivers.map((driver) => [driver.name, driver] as const))('%s', (_, driver) => {
    test('the rights of the documentation are enough', async () => {
      const names = await given(driver, ALL)
      await run(driver, names)
      await expectWritten(driver, names, ['a', 'b', 'c'])
    })

    test('at least once needs no transactional id', async () => {
      const names = await given(
        driver,
        ALL.filter((right) => right !== 'transaction'),
      )
      await run(driver, names, false)
      await expectWritten(driver, names, ['a', 'b', 'c'])
    })

    test('a changelog needs Create, Read and Write on its topic, and the error names what is missing', async () => {
      await writeAndRestore(driver, OF_CHANGELOG)
      await expect(writeAndRestore(driver, ['READ', 'WRITE'])).rejects.toMatchObject({
        code: 'AUTHENTICATION_REFUSED',
        message: expect.stringMatching(
          /the changelog ".*-counts-changelog" of the store "counts" .* must not create it/,
        ),
      })
      await expect(writeAndRestore(driver, ['CREATE', 'WRITE'])).rejects.toMatchObject({
        code: 'AUTHENTICATION_REFUSED',
        topic: expect.stringMatching(/-counts-changelog$/),
      })
      await expect(writeAndRestore(driver, ['CREATE', 'READ'])).rejects.toMatchObject({
        code: 'AUTHENTICATION_REFUSED',
        topic: expect.stringMatching(/-counts-changelog$/),
      })
    })

    test('`transaction` needs Write on its topics and on its id', async () => {
      const names = await given(driver, ['output', 'transaction'])
      const output = Topic(names.output, { conf: confOf(driver) })
      const write = (transactionalId: string) =>
        transaction((write) => write(output, 'a'), { transactionalId: `${transactionalId}.1` })
      await write(names.groupId)
      await expect(write('another')).rejects.toMatchObject({ code: 'AUTHENTICATION_REFUSED' })
      await expectWritten(driver, names, ['a'])
    })

    test.each([
      ['input', (of: Names) => [of.input, 'Read', 'Topic']],
      ['output', (of: Names) => [of.output, 'Write', 'Topic']],
      ['group', (of: Names) => [of.groupId, 'Read', 'Group']],
      ['transaction', (of: Names) => [`${of.groupId}.`, 'Write', 'TransactionalId']],
    ] as const)('without the right for the %s, the error names it', async (missing, says) => {
      const names = await given(
        driver,
        ALL.filter((right) => right !== missing),
      )
      const error: unknown = await run(driver, names).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'AUTHENTICATION_REFUSED' })
      for (const part of says(names)) expect((error as Error).message).toContain(part)
      expect(await written(driver, names)).toEqual([])
    })

    test('a user who may describe the output, and not write it, is told so', async () => {
      const names = await given(
        driver,
        ALL.filter((right) => right !== 'output'),
      )
      const describeOnly = { ...RIGHTS.output(names), operation: 'DESCRIBE' }
      await java.ask('allow', { user: security().username, rights: [describeOnly] })
      const error: unknown = await run(driver, names).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'AUTHENTICATION_REFUSED' })
      for (const part of [names.output, 'Write', 'Topic']) expect((error as Error).message).toContain(part)
      expect(await written(driver, names)).toEqual([])
    })

    test('a partition of an owner whose id the user must not use waits for the time-out of its transaction', async () => {
      const names = await given(driver, ALL)
      const transactionalId = `another-${names.groupId}`
      await java.ask('leaveOpen', {
        topic: names.input,
        group: names.groupId,
        metadata: JSON.stringify({ owner: transactionalId }),
        producer: { 'transactional.id': transactionalId, 'transaction.timeout.ms': 4000 },
      })
      const began = performance.now()
      await run(driver, names)
      expect(performance.now() - began).toBeGreaterThan(1000)
      await expectWritten(driver, names, ['a', 'b', 'c'])
    })
  })
})
