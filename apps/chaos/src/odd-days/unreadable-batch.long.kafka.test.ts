import { BytesCodec, createApp } from '@snapstream/core'
import { Topic, deadLetterOf, replay } from '@snapstream/kafka'
import { describe, expect, test } from 'vitest'
import { DRIVERS } from '../worker-plan.ts'
import { textBatch, writeRaw, zerosBatch } from './bomb.ts'
import { brokers, confOf, fresh, outcomeOf, withOtherTools } from './odd-day.ts'

const zeros = 200_000_000

describe.skipIf(brokers === '').each(DRIVERS)('a batch that cannot be read, with %s', (driver) => {
  const conf = confOf(driver)

  /** Writes a batch that decompresses to 600 MB between small ones. All of them fit into one fetch. */
  async function written() {
    const [name, dead] = [fresh('unreadable'), fresh('dead')]
    await withOtherTools((admin) =>
      admin.createTopics({ topics: [name, dead].map((topic) => ({ topic, numPartitions: 1 })) }),
    )
    const bomb = zerosBatch('zstd', { count: 3, zeros })
    const batches = [
      textBatch('before'),
      // Brokers and the Java client accept bytes after the last record.
      zerosBatch('gzip', { count: 1, zeros: 3, behind: 'bytes behind the end' }),
      bomb,
      textBatch('after'),
    ]
    for (const batch of batches) await writeRaw(brokers, name, 0, batch)
    return { name, dead, bomb }
  }

  test('becomes one dead letter, and reading continues after it', { timeout: 60_000 }, async () => {
    const { name, dead, bomb } = await written()
    const groupId = fresh('group')
    const source = Topic(name, { groupId, until: 'end', conf })
    const letters = Topic(dead, { conf })
    const values: string[] = []
    const app = createApp()
    app.snap(source, { onError: { deadLetter: letters } })(({ value }) => {
      values.push(value)
    })
    expect(await outcomeOf('the stream', app.stream())).toEqual({})
    expect(values).toEqual(['before', '\0\0\0', 'after'])
    expect(await source.lag()).toMatchObject([{ committed: 6, lag: 0 }])

    const raw = Topic(dead, { conf, codec: BytesCodec(), keyCodec: BytesCodec() })
    const record = await raw.at(0)
    const letter = record && deadLetterOf(record)
    expect(letter).toMatchObject({
      origin: { topic: name, partition: 0, offset: 2 },
      nextOffset: 5,
      code: 'DECODE_FAILED',
      key: null,
    })
    // The bytes in the log: the broker may change the header but not the records.
    expect(Buffer.from(letter?.value ?? []).subarray(61)).toEqual(bomb.subarray(61))
    expect(await raw.at(1)).toBeUndefined()
    expect(await outcomeOf('the replay', replay(letters))).toMatchObject({ error: { code: 'DECODE_FAILED' } })
    expect(await replay(letters, { foreign: 'pass' })).toEqual({ read: 1, sent: 0, skipped: 1, left: 0 })
  })

  test(
    'fails a slice with the next offset, and is read with a larger maxDecompressedBytes',
    { timeout: 60_000 },
    async () => {
      const { name } = await written()
      const seen: string[] = []
      const read = async (start: number) => {
        for await (const { value } of Topic(name, { conf }).slice(start)) seen.push(value)
      }
      const { error } = await outcomeOf('the slice', read(0))
      expect(error).toMatchObject({ code: 'DECODE_FAILED', topic: name, partition: 0, offset: 2, nextOffset: 5 })
      await read((error as { nextOffset: number }).nextOffset)
      expect(seen).toEqual(['before', '\0\0\0', 'after'])

      const sizes: number[] = []
      const roomy = Topic(name, { conf: { ...conf, maxDecompressedBytes: 1_000_000_000 }, codec: BytesCodec() })
      for await (const { value } of roomy.slice(2, 5)) sizes.push(value.length)
      expect(sizes).toEqual([zeros, zeros, zeros])
    },
  )
})
