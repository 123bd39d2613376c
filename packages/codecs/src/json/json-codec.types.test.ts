import type { FromSchema } from 'json-schema-to-ts'
import { expect, expectTypeOf, test } from 'vitest'
import { JsonCodec } from './index.ts'

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'kind'],
  properties: {
    id: { type: 'string' },
    kind: { enum: ['new', 'paid'] },
    sizes: { type: 'array', items: { type: 'integer' } },
  },
} as const

test('infers its type from a schema by a library', async () => {
  const codec = JsonCodec<FromSchema<typeof schema>>({ schema })
  const read = codec.decode(codec.encode({ id: 'a', kind: 'new', sizes: [1] }))
  expectTypeOf(read).toEqualTypeOf<{ id: string; kind: 'new' | 'paid'; sizes?: number[] }>()
  expectTypeOf(codec.encode).parameter(0).not.toExtend<{ id: number }>()
  expect(read).toEqual({ id: 'a', kind: 'new', sizes: [1] })
  // @ts-expect-error -- the compiler refuses the same value as the schema
  expect(() => codec.encode({ id: 'a', kind: 'old' })).toThrow('$.kind')
})
