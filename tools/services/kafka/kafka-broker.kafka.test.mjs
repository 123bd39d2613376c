import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { describe, expect, test, vi } from 'vitest'
import { findJava } from '../java.mjs'
import { kafkaAnswers } from './kafka-answers.mjs'
import { startKafka } from './kafka-broker.mjs'
import { isAlive } from '../process/process.mjs'

test('a broker that runs answers, and a port without one does not', async () => {
  expect(await kafkaAnswers(process.env.KAFKA_BROKERS.split(',')[0], 5000)).toBe(true)
  expect(await kafkaAnswers('127.0.0.1:1')).toBe(false)
})

// Where the tests run on Docker's broker there may be no Java.
describe.skipIf(!(await findJava()))('startKafka', { timeout: 120_000 }, () => {
  test('starts, survives a kill with a restart, and leaves nothing behind', async () => {
    const kafka = await startKafka({ heapMb: 512 })
    const first = kafka.pid
    try {
      expect(await kafkaAnswers(kafka.brokers)).toBe(true)
      await kafka.kill()
      expect(isAlive(first)).toBe(false)
      expect(await kafkaAnswers(kafka.brokers)).toBe(false)
      await kafka.restart()
      expect(kafka.pid).not.toBe(first)
      expect(await kafkaAnswers(kafka.brokers)).toBe(true)
    } finally {
      await kafka.stop()
    }
    expect(isAlive(kafka.pid)).toBe(false)
    expect(existsSync(kafka.folder)).toBe(false)
  })

  test('ends with its owner, also when that is killed', async () => {
    const program = `
      const { startKafka } = await import(${JSON.stringify(new URL('kafka-broker.mjs', import.meta.url).href)})
      const { pid, folder } = await startKafka({ heapMb: 512 })
      console.log(JSON.stringify({ pid, folder }))
      setInterval(() => {}, 1000)`
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(createInterface(owner.stdout), 'line')
    const { pid, folder } = JSON.parse(line)
    expect(isAlive(pid)).toBe(true)
    owner.kill('SIGKILL')
    await vi.waitFor(() => expect([isAlive(pid), existsSync(folder)]).toEqual([false, false]), { timeout: 20_000 })
  })

  test('says why a broker does not start', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    try {
      const { port } = taken.address()
      await expect(startKafka({ port, heapMb: 512 })).rejects.toThrow(
        new RegExp(`Kafka at 127.0.0.1:${port} did not start: it ended with 1[^]*Address already in use`),
      )
    } finally {
      taken.close()
    }
  })
})
