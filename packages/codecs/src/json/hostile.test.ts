import { describe, expect, test } from 'vitest'
import { refusal } from '../fixtures/refusal.ts'
import { compileForeignSchema } from './json-schema.ts'
import { isCostly, isLinear } from './costly-schema.ts'
import { JsonCodec } from './index.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const recursive = { type: 'array', items: { $ref: '#' } }
const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const objects = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)

describe('the limits of JsonCodec', () => {
  test.each([
    ['without a schema', {}],
    ['with a schema that refers to itself', { schema: recursive }],
    ['with a schema of unique items', { schema: { type: 'array', uniqueItems: true } }],
    [
      'with a schema that is watched',
      { schema: { type: 'array', items: { $ref: '#' }, allOf: [{ pattern: '(a+)+' }] } },
    ],
  ])('maxDepth bounds what is read, %s', (_, options) => {
    const codec = JsonCodec(options)
    expect(JSON.stringify(codec.decode(bytes(lists(500))))).toBe(lists(500))
    for (const text of [lists(501), lists(100_000), lists(1_000_000), '['.repeat(1_000_000)])
      expect(refusal(() => codec.decode(bytes(text)))).toMatchObject({
        code: 'DECODE_FAILED',
        message: expect.stringContaining('nested more than 500 times, the limit by maxDepth') as string,
      })
  })

  test('brackets in strings are not nesting, and closed brackets count once', () => {
    const codec = JsonCodec()
    for (const value of [
      ['[{'.repeat(2000)],
      { '"\\[[': '\\'.repeat(999), '[': `"${'{'.repeat(3000)}` },
      Array.from({ length: 2000 }, () => ({ a: [] })),
    ])
      expect(codec.decode(codec.encode(value))).toEqual(value)
    expect(refusal(() => codec.decode(bytes(`["${'x'.repeat(5000)}\\"",${objects(500)}]`))).message).toContain(
      'maxDepth',
    )
  })

  test('maxDepth bounds written values, also those deeper than the stack', () => {
    const nested = (depth: number) => {
      let value: unknown = 1
      for (let i = 0; i < depth; i++) value = { a: value }
      return value
    }
    const codec = JsonCodec()
    expect(codec.decode(codec.encode(nested(500)))).toEqual(nested(500))
    for (const depth of [501, 3000, 1_000_000])
      expect(refusal(() => codec.encode(nested(depth))).code).toBe('ENCODE_FAILED')
    expect(refusal(() => codec.encode(nested(501))).message).toContain('the limit by maxDepth')
    const free = JsonCodec({ maxDepth: 10_000_000 })
    expect(refusal(() => free.encode(nested(1_000_000)))).toMatchObject({ code: 'ENCODE_FAILED' })
    expect(free.decode(bytes(lists(100_000)))).toHaveLength(1)
    const checked = JsonCodec({ maxDepth: 10_000_000, schema: recursive })
    expect(refusal(() => checked.decode(bytes(lists(100_000))))).toMatchObject({
      code: 'DECODE_FAILED',
      message: expect.stringContaining('the nesting is deeper than the stack holds') as string,
    })
  })

  test('maxBytes bounds read and written values, as bytes and as text', () => {
    const codec = JsonCodec({ maxBytes: 100 })
    const text = codec['~snapstream.text']!
    const fits = 'ä'.repeat(49)
    expect(codec.decode(codec.encode(fits))).toBe(fits)
    expect(text.encode(fits)).toBe(`"${fits}"`)
    for (const run of [() => codec.encode(`${fits}x`), () => text.encode(`${fits}x`)])
      expect(refusal(run)).toMatchObject({
        code: 'ENCODE_FAILED',
        message: expect.stringContaining('has 101 bytes, the limit by maxBytes is 100') as string,
      })
    expect(refusal(() => codec.decode(bytes(`"${fits}x"`)))).toMatchObject({ code: 'DECODE_FAILED' })
    expect(refusal(() => JsonCodec().decode(new Uint8Array(2 ** 24 + 1))).message).toContain('16777216')
  })

  test.each(['maxBytes', 'maxDepth'])('%s has to be a whole number', (name) => {
    for (const limit of [0, 1.5, '5', Number.NaN])
      expect(refusal(() => JsonCodec({ [name]: limit })).code).toBe('USAGE')
  })
})

describe('a check that could take minutes', () => {
  const item = (i: number) => ({ a: i, b: [i] })
  const many = Array.from({ length: 60_000 }, (_, i) => item(i))

  test('of unique items takes linear time', () => {
    const codec = JsonCodec({ schema: { type: 'array', uniqueItems: true } })
    expect(codec.decode(codec.encode(many))).toHaveLength(many.length)
    expect(refusal(() => codec.encode([...many, { b: [5], a: 5 }]))).toMatchObject({
      code: 'ENCODE_FAILED',
      message: expect.stringContaining('$ must NOT have duplicate items') as string,
    })
  })

  test.each([
    ['[1,1.0]', false],
    ['[0,-0]', false],
    ['[1,"1",true,null,"true",[1],["1"],{"1":1},{},[]]', true],
    ['[{"a":1,"b":2},{"b":2,"a":1}]', false],
    ['[{"fields":[["a",1]]},{"a":1}]', true],
    ['["[1]",[1],"\\"[1]"]', true],
    ['[[1,[2]],[1,[2]]]', false],
    ['[{"2":1,"1":1},{"1":1,"2":1}]', false],
  ])('unique items are told apart as JSON Schema has it: %s', (text, unique) => {
    const check = compileForeignSchema({ uniqueItems: true }, {}, true)
    expect(check(JSON.parse(text)) === undefined).toBe(unique)
  })

  const hostile = `${'a'.repeat(60)}!`
  const doubling = {
    $ref: '#/definitions/d40',
    definitions: Object.fromEntries(
      Array.from({ length: 41 }, (_, i) => [
        `d${i}`,
        i === 0
          ? { type: 'string' }
          : { allOf: [{ $ref: `#/definitions/d${i - 1}` }, { $ref: `#/definitions/d${i - 1}` }] },
      ]),
    ),
  }
  const branching = {
    anyOf: [{ type: 'array', items: { $ref: '#' } }, { type: 'array', items: { $ref: '#' } }, { type: 'null' }],
  }
  test.each([
    ['a pattern', { type: 'string', pattern: '^(a+)+$' }, hostile],
    ['the pattern of a field name', { patternProperties: { '^(a+)+$': true } }, { [hostile]: 1 }],
    ['a pattern that is not anchored', { type: 'string', pattern: 'a+a+a+b' }, 'a'.repeat(50_000)],
    ['references that double', doubling, 'x'],
    ['branches that double', branching, JSON.parse(`${'['.repeat(60)}1${']'.repeat(60)}`)],
  ])('by %s is stopped after a second, of our schema and of one that others registered', (_, schema, value) => {
    for (const run of [
      () => JsonCodec({ schema }).decode(bytes(JSON.stringify(value))),
      () => {
        const unfit = compileForeignSchema(schema, {}, true)(value)
        throw new Error(unfit)
      },
    ])
      expect(refusal(run).message).toContain('takes more than 1000 ms to check it against the schema')
  })

  test('has the same result with a time limit', () => {
    const codec = JsonCodec<{ a: string }>({ schema: { properties: { a: { pattern: 'a+b+c' } } } })
    expect(codec.decode(codec.encode({ a: 'xaabbc' }))).toEqual({ a: 'xaabbc' })
    expect(() => codec.encode({ a: 'x' })).toThrow('$.a must match pattern "a+b+c", got "x"')
  })

  test.each([
    ['^[A-Z]{3}$', true],
    ['^[a-z][a-z0-9-]*$', true],
    ['^\\d{4}-\\d{2}-\\d{2}$', true],
    ['^(foo|bar)$', true],
    ['[+*]', true],
    ['^\\+\\*[^)+]+$', true],
    ['^a?b?(c)?$', true],
    ['(a+)+', false],
    ['^(a+)+$', false],
    ['^(ab)*$', false],
    ['a+$', false],
    ['^a+|b+', false],
    ['^a*a*$', false],
    ['^a{1,200}$', false],
    ['^(a)\\1$', false],
    ['^(?=a)b$', false],
    ['^(?<!a)b$', false],
    [`^${'a?'.repeat(30)}${'a'.repeat(30)}$`, false],
  ])('the pattern %s is surely linear: %s', (pattern, linear) => {
    expect(isLinear(pattern)).toBe(linear)
  })

  test('has no time limit for a schema without patterns and references', () => {
    const flat = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/A' } },
      $defs: { A: { oneOf: [{ type: 'string', format: 'date' }, { type: 'null' }] } },
    }
    expect(isCostly([flat])).toBe(false)
    expect(isCostly([recursive])).toBe(false)
    expect(isCostly([{ ...recursive, not: true }])).toBe(true)
    expect(isCostly([{ $ref: 'other', oneOf: [true] }])).toBe(true)
    expect(isCostly([{ format: 'url' }])).toBe(true)
  })
})

describe('error messages', () => {
  test('cut long texts, and describe values with odd fields', () => {
    const long = 'x'.repeat(2_000_000)
    const strict = JsonCodec({
      schema: {
        additionalProperties: false,
        properties: { a: { enum: [long] }, b: { type: 'null' }, constructor: true },
      },
    })
    const problems = [
      refusal(() => strict.decode(bytes(JSON.stringify({ [long]: 1 })))),
      refusal(() => strict.decode(bytes(JSON.stringify({ a: `${long}y` })))),
      refusal(() => strict.decode(bytes(JSON.stringify({ b: { [long]: 1 } })))),
      refusal(() => strict.decode(bytes(JSON.stringify({ b: { constructor: { name: long } } })))),
      refusal(() => strict.decode(bytes(JSON.stringify({ b: { constructor: { name: { toString: 1 } } } })))),
      refusal(() => strict.decode(bytes(JSON.stringify({ b: { constructor: null, toString: 1, toJSON: 1 } })))),
      refusal(() =>
        JsonCodec({ schema: { additionalProperties: { type: 'null' } } }).decode(bytes(JSON.stringify({ [long]: 1 }))),
      ),
      refusal(() => JsonCodec().decode(bytes(`{${long}`))),
      refusal(() => JsonCodec().encode({ [long]: Number.NaN })),
      refusal(() => JsonCodec({ schema: { pattern: long } }).encode('y')),
      refusal(() => JsonCodec({ schema: { [long]: 1 } })),
      refusal(() => JsonCodec({ schema: { $schema: long } })),
    ]
    for (const { message, cause } of problems) {
      expect(message.length).toBeLessThanOrEqual(2000)
      expect((cause?.message ?? '').length).toBeLessThanOrEqual(2000)
    }
  })
})

describe('drafts', () => {
  const spellings = ['2020-12', '2019-09'].map((draft) => `json-schema.org/draft/${draft}/schema`)
  const older = ['04', '06', '07'].map((draft) => `json-schema.org/draft-${draft}/schema`)
  test.each(
    [...spellings, ...older].flatMap((name) =>
      ['http', 'https'].flatMap((scheme) => [`${scheme}://${name}`, `${scheme}://${name}#`]),
    ),
  )('the $schema %s is known', ($schema) => {
    const codec = JsonCodec({ schema: { $schema, type: 'object', properties: { a: { type: 'integer' } } } })
    expect(codec.decode(bytes('{"a":1}'))).toEqual({ a: 1 })
    expect(() => codec.decode(bytes('{"a":"x"}'))).toThrow('$.a must be integer')
  })

  test('each draft has its own rules', () => {
    const fits = (schema: object, value: unknown) => compileForeignSchema(schema, {}, true)(value) === undefined
    const $schema = (draft: string) => `http://json-schema.org/draft-${draft}/schema#`
    const exclusive = { $schema: $schema('04'), minimum: 5, exclusiveMinimum: true }
    expect([fits(exclusive, 5), fits(exclusive, 6)]).toEqual([false, true])
    const pair = { items: [{ type: 'string' }, { type: 'number' }], additionalItems: false }
    for (const schema of [pair, { ...pair, $schema: $schema('06') }, { ...pair, $schema: $schema('04') }])
      expect([fits(schema, ['a', 1]), fits(schema, [1]), fits(schema, ['a', 1, 2])]).toEqual([true, false, false])
    const conditional = { if: { type: 'string' }, else: { type: 'number' } }
    expect([
      fits({ ...conditional, $schema: $schema('06') }, true),
      fits({ ...conditional, $schema: $schema('07') }, true),
    ]).toEqual([true, false])
    expect([fits({ exclusiveMinimum: true, minimum: 5 }, 5), fits({ prefixItems: [{ type: 'string' }] }, [1])]).toEqual(
      [false, false],
    )
    expect(fits({ default: { items: [] }, prefixItems: [{ type: 'string' }] }, [1])).toBe(false)
    expect([compileForeignSchema(true, {}, true)(1), compileForeignSchema(false, {}, true)(1)]).toEqual([
      undefined,
      expect.any(String),
    ])
  })

  test('schemas of .NET are accepted', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-04/schema#',
      title: 'Order',
      type: 'object',
      additionalProperties: false,
      properties: {
        Id: { type: 'integer', format: 'int32' },
        Amount: { type: 'number', format: 'decimal' },
        At: { type: 'string', format: 'date-time' },
        Key: { type: 'string', format: 'guid' },
        Customer: { oneOf: [{ type: 'null' }, { $ref: '#/definitions/Customer' }] },
      },
      definitions: { Customer: { type: 'object', properties: { Name: { type: ['null', 'string'] } } } },
    }
    const check = compileForeignSchema(schema, {}, true)
    const order = { Id: 1, Amount: 1.5, At: '2026-01-02T03:04:05Z', Key: 'x', Customer: { Name: null } }
    expect(check(order)).toBeUndefined()
    expect(check({ ...order, Customer: { Name: 5 } })).toContain('$.Customer')
  })

  test.each([[{ $schema: 'http://json-schema.org/draft-03/schema#' }], [{ $schema: 5 }], [null], [5], ['x'], [[]]])(
    '%j is no schema that is known',
    (schema) => {
      expect(refusal(() => compileForeignSchema(schema, {}, true)).code).toBe('USAGE')
    },
  )
})
