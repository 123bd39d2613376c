import { fileURLToPath } from 'node:url'
import { pythonCodecsCommand } from '@snapstream/services'
import { otherClient } from '../other-client.ts'

export type AvroLibrary = 'fastavro' | 'avro' | 'snapstream'

/** Python's codecs. Values are JSON; those without a JSON type have a tag: `{ $bytes: base64 }`. */
export interface PythonCodecs {
  /** Encodes a value with a library of Python. */
  write(library: AvroLibrary, schema: object, value: unknown): Promise<Buffer>
  /** Decodes bytes with a library of Python. */
  read(library: AvroLibrary, bytes: Uint8Array, writer: object, reader?: object): Promise<unknown>
  ask<T>(command: string, request: object): Promise<T>
  close(): Promise<void>
}

const PATIENCE_MS = 240_000

export async function pythonCodecs(brokers = ''): Promise<PythonCodecs> {
  const program = fileURLToPath(new URL('codecs.py', import.meta.url))
  const python = otherClient(await pythonCodecsCommand(program), brokers, PATIENCE_MS)
  // Loading the libraries must not count towards the timeout of the first test.
  await python.ask('hello', {})
  return {
    async write(library, schema, value) {
      return Buffer.from(await python.ask<string>('write', { library, schema, value }), 'base64')
    },
    read: (library, bytes, writer, reader) =>
      python.ask('read', { library, bytes: Buffer.from(bytes).toString('base64'), writer, reader }),
    ask: (command, request) => python.ask(command, request),
    close: () => python.close(),
  }
}
