import { expect, test } from 'vitest'
import { decompressionRoom } from './decompression-room.ts'

const settled = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

test('calls get room in order, and only while some is left', async () => {
  const room = decompressionRoom(100)
  const given: string[] = []
  const take = (name: string, bytes: number) =>
    room.take(bytes).then((hold) => {
      given.push(name)
      return hold
    })
  const a = await take('a', 60)
  const b = take('b', 50)
  const c = take('c', 40)
  await settled()
  // The last request would fit, but has to wait for the one before it.
  expect(given).toEqual(['a'])
  a.shrink(30)
  await settled()
  expect(given).toEqual(['a', 'b'])
  ;(await b).release()
  await c
  expect(given).toEqual(['a', 'b', 'c'])
})

test('a request for more than the limit gets all of the room', async () => {
  const room = decompressionRoom(100)
  const all = await room.take(1000)
  let given = false
  const next = room.take(1).then(() => {
    given = true
  })
  await settled()
  expect(given).toBe(false)
  all.release()
  await next
})

test('room stays held until all its users have released it, each once', async () => {
  const room = decompressionRoom(100)
  const hold = await room.take(100)
  const releasePart = hold.keep()
  const releaseOther = hold.keep()
  let given = false
  const next = room.take(1).then(() => {
    given = true
  })
  hold.release()
  hold.release()
  releasePart()
  releasePart()
  await settled()
  expect(given).toBe(false)
  releaseOther()
  await next
})
