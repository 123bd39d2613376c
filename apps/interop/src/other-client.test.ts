import process from 'node:process'
import { expect, test } from 'vitest'
import { otherClient } from './other-client.ts'

/** A client whose process runs `answer` for each request. */
const client = (answer: string) =>
  otherClient(
    [
      process.execPath,
      '-e',
      `require('node:readline').createInterface(process.stdin).on('line', (line) => {
        const request = JSON.parse(line)
        ${answer}
      })`,
    ],
    'broker:1',
  )

test('concurrent requests get their own answers', async () => {
  const other = client('console.log(JSON.stringify({ ok: [request.brokers, request.command, request.n] }))')
  expect(await Promise.all([1, 2, 3].map((n) => other.ask('count', { n })))).toEqual(
    [1, 2, 3].map((n) => ['broker:1', 'count', n]),
  )
  await other.close()
})

test('an error in an answer rejects the request, and the next request succeeds', async () => {
  const other = client('console.log(JSON.stringify(request.bad ? { error: "it is bad" } : { ok: 1 }))')
  const both = await Promise.allSettled([other.ask('do', { bad: true }), other.ask('do', {})])
  expect(both).toMatchObject([{ reason: { message: expect.stringContaining('it is bad') } }, { value: 1 }])
  await other.close()
})

test('requests reject if the process ends or cannot start', async () => {
  const other = client('process.exit(3)')
  await expect(other.ask('do', {})).rejects.toThrow('did not answer')
  await expect(other.ask('do', {})).rejects.toThrow('did not answer')
  await other.close()
  const none = otherClient(['/there/is/no/such/program'], 'broker:1')
  await expect(none.ask('do', {})).rejects.toThrow('did not answer')
  await none.close()
})

test('produce() rejects if the client has not written all records', async () => {
  const other = client('console.log(JSON.stringify({ ok: 0 }))')
  const record = { key: null, value: null, headers: [], timestamp: 0 }
  await expect(other.produce('topic', [record])).rejects.toThrow('wrote 0 of 1 records')
  await other.close()
})
