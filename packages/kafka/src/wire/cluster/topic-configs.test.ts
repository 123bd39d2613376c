import { expect, test } from 'vitest'
import { hex, rawBroker } from '../../fixtures/raw-broker.ts'
import { topicConfigs } from './topic-configs.ts'

test('the settings that were made for a topic itself are told, in versions 4 and 1', async () => {
  const { raw: connection, sent } = rawBroker(
    4,
    `00000000 02 0000 00 02 0274 04
       0261 0231 00 01 00 01 02 00 00
       0262 0232 00 05 00 02 0263 0233 04 00 02 00 00
       0264 00 00 01 01 01 02 00 00
     00 00`,
  )
  expect(await topicConfigs(connection, ['t'])).toEqual(new Map([['t', { a: '1' }]]))
  expect(sent).toMatchObject([{ api: 'DescribeConfigs', apiKey: 32, version: 4, flexible: true }])
  expect(sent[0]?.body.toString('hex')).toBe(hex('02 02 0274 00 00 00 00 00').toString('hex'))

  const older = rawBroker(
    1,
    `00000000 00000001 0000 ffff 02 0001 74 00000001
       0001 61 0001 31 00 01 00 00000000`,
  )
  expect(await topicConfigs(older.raw, ['t'])).toEqual(new Map([['t', { a: '1' }]]))
  expect(older.sent[0]?.body.toString('hex')).toBe(hex('00000001 02 0001 74 ffffffff 00').toString('hex'))
})

test('a topic that does not exist is an error', async () => {
  const { raw: connection } = rawBroker(4, '00000000 02 0003 00 02 0274 01 00 00')
  await expect(topicConfigs(connection, ['t'])).rejects.toMatchObject({ message: expect.stringContaining('3') })
})
