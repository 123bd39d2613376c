import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { frameReader } from '../wire/cluster/broker-socket.ts'
import { byteReader } from '../wire/protocol/byte-reader.ts'
import { API_KEYS, framed, goodAnswer } from './fake-answers.ts'
import type { Api, FakeAnswer, FakeRequest } from './fake-answers.ts'

/** Where a fake broker differs from a good one. */
export interface Script {
  /** Takes a connection over before anything is asked. */
  readonly onConnect?: (socket: Socket) => void
  readonly answers?: { readonly [A in Api]?: (request: FakeRequest, broker: FakeBroker) => FakeAnswer }
}

export interface FakeBroker {
  readonly port: number
  /** How many requests the broker got. */
  readonly asked: () => number
  /** How many connections are open. */
  readonly open: () => number
  close(): Promise<void>
}

const APIS = new Map<number, Api>(Object.entries(API_KEYS).map(([api, key]) => [key, api as Api]))

/** A broker with one topic of one partition. It leads and coordinates everything, and misbehaves as its script says. */
export async function startFakeBroker(script: Script): Promise<FakeBroker> {
  const sockets = new Set<Socket>()
  let asked = 0

  function serve(socket: Socket): void {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    if (script.onConnect) {
      script.onConnect(socket)
      // Node reports the end of a socket only while it is read.
      socket.resume()
      return
    }
    const frames = frameReader(Infinity)
    socket.on('data', (data) => frames.push(data, (frame) => answer(frame, socket)))
  }

  function answer(frame: Buffer, socket: Socket): void {
    asked++
    const read = byteReader(frame, 'a request')
    const [key, version, correlationId] = [read.int16(), read.int16(), read.int32()]
    const api = APIS.get(key)
    if (!api) {
      socket.destroy()
      return
    }
    read.nullableString()
    const request = { api, version, correlationId, read, socket }
    const said = script.answers?.[api]?.(request, broker) ?? goodAnswer(request, broker)
    if (typeof said === 'function') said(request)
    else socket.write(framed(request, said))
  }

  const server = createServer(serve)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const broker: FakeBroker = {
    port: (server.address() as AddressInfo).port,
    asked: () => asked,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return broker
}
