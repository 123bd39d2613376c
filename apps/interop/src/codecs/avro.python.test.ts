import { AvroCodec } from '@snapstream/codecs/avro'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CELLS, EVOLUTIONS, LIBRARIES, OTHERS, type AvroCell } from './avro-cells.ts'
import { pythonCodecs, type AvroLibrary, type PythonCodecs } from './python-codecs.ts'

/** A record with a field of a type, followed by another field. */
const around = (type: unknown) => ({
  type: 'record',
  name: 'org.Around',
  fields: [
    { name: 'a', type },
    { name: 'end', type: 'string' },
  ],
})
const cells = LIBRARIES.flatMap((library) => CELLS.map((cell) => [library, cell.name, cell] as const))
const pythonValue = (cell: AvroCell, library: AvroLibrary) =>
  library !== 'fastavro' && 'avro' in cell ? cell.avro : cell.python

describe("Avro of Python's libraries", () => {
  let python: PythonCodecs
  beforeAll(async () => {
    python = await pythonCodecs()
  })
  afterAll(() => python?.close())

  test.each(cells)('%s reads %s that AvroCodec wrote', async (library, _, cell) => {
    const schema = around(cell.type)
    const bytes = AvroCodec(schema, cell.options).encode({ a: cell.value, end: 'x' })
    expect(await python.read(library, bytes, schema)).toEqual({ a: pythonValue(cell, library), end: 'x' })
  })

  test.each(cells)('%s writes %s that AvroCodec reads', async (library, _, cell) => {
    const schema = around(cell.type)
    const codec = AvroCodec(schema, cell.options)
    const bytes = await python.write(library, schema, { a: pythonValue(cell, library), end: 'x' })
    expect(codec.decode(bytes)).toEqual({ a: cell.value, end: 'x' })
    expect(bytes.equals(codec.encode({ a: cell.value, end: 'x' }))).toBe(true)
  })

  const record = (fields: readonly object[]) => ({ type: 'record', name: 'org.R', fields })
  const evolutions = (['fastavro', 'avro'] as const).flatMap((library) =>
    EVOLUTIONS.map((evolution) => [library, evolution.name, evolution] as const),
  )
  test.each(evolutions)(
    '%s and AvroCodec read the same value with %s',
    async (library, _, { written, read, ...schemas }) => {
      const [writer, reader] = [record(schemas.writer), record(schemas.reader)]
      const theirs = await python.write(library, writer, written)
      expect(AvroCodec(reader, { writer }).decode(theirs)).toEqual(read)
      expect(await python.read(library, AvroCodec(writer).encode(written), writer, reader)).toEqual(read)
    },
  )

  test.each(OTHERS)(
    'fastavro and AvroCodec read the same value with $name',
    async ({ writer, reader, written, read }) => {
      const theirs = await python.write('fastavro', writer, written)
      expect(AvroCodec(reader, { writer }).decode(theirs)).toEqual(read)
      expect(await python.read('fastavro', AvroCodec(writer).encode(written), writer, reader)).toEqual(read)
    },
  )
})
