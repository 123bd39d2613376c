import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { startKafka } from '@snapstream/services'
import type { Brokers } from './brokers.ts'
import { startTcpProxy } from './tcp-proxy.ts'

/**
 * A broker with two listeners: one for the load and the judge, and one for workers. The second advertises the proxy's
 * address, so that every connection of a worker goes through the proxy.
 */
export async function startBroker(
  signal: AbortSignal,
  log: (line: string) => void,
  transactionVersion?: number,
): Promise<Brokers> {
  const features = transactionVersion === undefined ? {} : { 'transaction.version': transactionVersion }
  const proxy = await startTcpProxy()
  try {
    const [port, controllerPort, behind] = await freePorts()
    proxy.forwardTo(behind)
    const settings = {
      listeners: `PLAINTEXT://127.0.0.1:${port},PROXIED://127.0.0.1:${behind},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},PROXIED://127.0.0.1:${proxy.port}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT',
      // The default of 6 s is too long for the scenarios with short sessions.
      'group.min.session.timeout.ms': 500,
    }
    const broker = await startKafka({ port, controllerPort, settings, features, signal, log })
    return {
      addresses: broker.brokers,
      forWorkers: `127.0.0.1:${proxy.port}`,
      nodes: new Map([[1, broker]]),
      proxy,
      async stop() {
        await proxy.close()
        await broker.stop()
      },
    }
  } catch (error) {
    await proxy.close()
    throw error
  }
}

async function freePorts(): Promise<readonly [number, number, number]> {
  const servers = await Promise.all(
    [0, 1, 2].map(async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const [a = 0, b = 0, c = 0] = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return [a, b, c]
}
