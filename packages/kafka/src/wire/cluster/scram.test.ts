import { describe, expect, test } from 'vitest'
import type { SaslSettings } from '../../driver/driver.ts'
import { scram } from './scram.ts'

const user: SaslSettings = { mechanism: 'SCRAM-SHA-256', username: 'user', password: 'pencil' }
const refused = { code: 'AUTHENTICATION_REFUSED' }

/** Answers one message after another, and keeps the client's messages. */
function broker(...answers: readonly string[]) {
  const said: string[] = []
  const exchange = async (message: Buffer) => {
    said.push(message.toString())
    return Buffer.from(answers[said.length - 1] ?? '')
  }
  return { said, exchange }
}

describe('the example of RFC 7677', () => {
  const nonce = 'rOprNGfwEbeRWgbNEkqO'
  const first = `r=${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
  const final = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

  test('the messages equal those of the example', async () => {
    const { said, exchange } = broker(first, final)
    await scram(user, exchange, nonce)
    expect(said).toEqual([
      `n,,n=user,r=${nonce}`,
      `c=biws,r=${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
    ])
  })

  test('a broker that proves another password is refused', async () => {
    const { exchange } = broker(first, final.replace('6rri', '7rri'))
    await expect(scram(user, exchange, nonce)).rejects.toMatchObject({ ...refused, message: /prove that it knows/ })
    const short = broker(first, 'v=6rri')
    await expect(scram(user, short.exchange, nonce)).rejects.toMatchObject(refused)
  })
})

describe('the number of iterations of a proof', () => {
  test.each(['1', '4095', '1000001', '2147483647', '4294967296'])('%s iterations are refused', async (count) => {
    const { said, exchange } = broker(`r=nonceserver,s=c2FsdA==,i=${count}`)
    const start = performance.now()
    await expect(scram(user, exchange, 'nonce')).rejects.toMatchObject({
      ...refused,
      message: `SCRAM-SHA-256: the broker asks for ${count} iterations; the client accepts 4096 to 1000000; set the user's password again, with a number of iterations in this range`,
    })
    expect(said).toHaveLength(1)
    expect(performance.now() - start).toBeLessThan(100)
  })

  test('a proof with the largest number of iterations does not block the event loop', async () => {
    const { exchange } = broker('r=nonceserver,s=c2FsdA==,i=1000000', 'e=other-error')
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const start = performance.now()
    await expect(scram({ ...user, mechanism: 'SCRAM-SHA-512' }, exchange, 'nonce')).rejects.toMatchObject(refused)
    const tookMs = performance.now() - start
    clearInterval(timer)
    expect(turns).toBeGreaterThan(Math.min(10, tookMs / 20))
  })
})

test('special characters of a name are escaped', async () => {
  const { said, exchange } = broker('')
  await expect(scram({ ...user, username: 'a=b,c' }, exchange, 'nonce')).rejects.toMatchObject(refused)
  expect(said).toEqual(['n,,n=a=3Db=2Cc,r=nonce'])
})

test('each exchange has a new nonce', async () => {
  const { said, exchange } = broker('')
  for (let i = 0; i < 2; i++) await scram(user, exchange).catch(() => {})
  expect(new Set(said).size).toBe(2)
})

test('a long error message of a broker is cut', async () => {
  const { exchange } = broker('x'.repeat(100_000))
  const error = await scram(user, exchange).catch((thrown: unknown) => thrown)
  expect((error as Error).message.length).toBeLessThan(300)
})
