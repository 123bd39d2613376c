import { expect, test } from 'vitest'
import { hex, rawBroker } from '../../fixtures/raw-broker.ts'
import { topicIds } from './topic-ids.ts'

test('the ids of topics are asked for by name; missing topics have none', async () => {
  const { raw: connection, sent } = rawBroker(
    13,
    `00000000 02 00000001 0268 00002384 00 00 00 00000001 03
     0000 0274 0102030405060708090a0b0c0d0e0f10 00
       02 0000 00000000 00000001 00000002 02 00000001 02 00000001 01 00 80000000 00
     0003 0275 00000000000000000000000000000000 00 01 80000000 00
     00`,
  )
  expect(await topicIds(connection, ['t', 'u'])).toEqual(new Map([['t', '01020304-0506-0708-090a-0b0c0d0e0f10']]))
  expect(sent).toMatchObject([{ api: 'Metadata', apiKey: 3, version: 12, flexible: true }])
  const none = '00000000000000000000000000000000'
  expect(sent[0]?.body.toString('hex')).toBe(hex(`03 ${none} 0274 00 ${none} 0275 00 00 00 00`).toString('hex'))
})

test('brokers without ids are not asked', async () => {
  const { raw: connection, sent } = rawBroker(10)
  expect([await topicIds(connection, ['t']), sent]).toEqual([new Map(), []])
})
