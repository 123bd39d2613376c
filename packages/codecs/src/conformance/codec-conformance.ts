import assert from 'node:assert/strict'
import { SnapstreamError, toError, type Codec, type CodecContext, type MaybePromise } from '@snapstream/core'
import type { ConformanceOptions } from './conformance-options.ts'

const SEED = 20_260_101
const RANDOM_BYTES = 300

/**
 * The tests that every codec has to pass: the promises that topics and caches rely on. For authors of codecs.
 *
 * @example
 * import { test } from 'node:test'
 * codecConformance({ test, name: 'my codec', create: () => MyCodec(), values: [1, -1], refused: ['1'] })
 */
export function codecConformance<T>(options: ConformanceOptions<T>): void {
  const { test, name, create, values, refused = [], broken = [], supports = {} } = options
  const context = options.context ?? { topic: 'conformance', part: 'value' }
  assert.ok(values.length > 0, 'codecConformance needs at least one of the values that the codec takes')

  const check = (title: string, run: (codec: Codec<T>) => Promise<void>) =>
    test(`${name}: ${title}`, async () => run(await create()))
  const encodeAll = async (codec: Codec<T>, given: CodecContext | undefined = context) => {
    const all: Uint8Array[] = []
    for (const value of values) all.push(await codec.encode(value, given))
    return all
  }

  check('decodes every value to what was encoded', async (codec) => {
    for (const value of values) {
      const bytes = await codec.encode(value, context)
      assert.ok(ArrayBuffer.isView(bytes) && bytes.BYTES_PER_ELEMENT === 1, 'encode has to return a Uint8Array')
      assertSame(await codec.decode(bytes, context), value)
    }
  })

  check('decodes bytes at any offset of their memory, without changing them', async (codec) => {
    for (const [i, bytes] of (await encodeAll(codec)).entries()) {
      const around = new Uint8Array(bytes.length + 16).fill(0xff)
      around.set(bytes, 8)
      for (const copy of [Uint8Array.from(bytes), Buffer.from(bytes), around.subarray(8, 8 + bytes.length)]) {
        assertSame(await codec.decode(copy, context), values[i])
        assert.ok(Buffer.from(bytes).equals(copy), 'decode changed the bytes')
      }
    }
  })

  check('returns new memory with each encode, and the same bytes for the same value', async (codec) => {
    const kept: { readonly bytes: Uint8Array; readonly before: Buffer }[] = []
    for (const value of values) {
      const bytes = await codec.encode(value, context)
      kept.push({ bytes, before: Buffer.from(bytes) })
    }
    const again = await encodeAll(codec)
    for (const [i, { bytes, before }] of kept.entries()) {
      assert.ok(before.equals(bytes), 'bytes changed when another value was encoded')
      assert.ok(before.equals(again[i]!), 'the same value gave other bytes')
    }
  })

  check('has functions that work without their object', async (codec) => {
    const { encode, decode } = { ...codec }
    for (const value of values) assertSame(await decode(await encode(value, context), context), value)
  })

  if (supports.sync !== false)
    check('never returns a promise', async (codec) => {
      for (const value of values) {
        const bytes = codec.encode(value, context)
        assert.ok(ArrayBuffer.isView(bytes), 'encode returned a promise')
        assert.ok(!isThenable(codec.decode(bytes, context)), 'decode returned a promise')
      }
    })

  if (supports.noContext !== false)
    check('works without a context', async (codec) => {
      for (const value of values) assertSame(await codec.decode(await codec.encode(value)), value)
    })

  check('refuses invalid values and still works afterwards', async (codec) => {
    for (const value of refused) await assertRefused('ENCODE_FAILED', value, () => codec.encode(value as T, context))
    assertSame(await codec.decode((await encodeAll(codec))[0]!, context), values[0])
  })

  check('refuses invalid bytes and still works afterwards', async (codec) => {
    for (const bytes of broken) await assertRefused('DECODE_FAILED', bytes, () => codec.decode(bytes, context))
    assertSame(await codec.decode((await encodeAll(codec))[0]!, context), values[0])
  })

  check('decodes damaged bytes to a value or throws a SnapstreamError', async (codec) => {
    const next = randomBytesFrom(SEED)
    const damaged = Array.from({ length: RANDOM_BYTES }, () => next(40))
    for (const bytes of await encodeAll(codec))
      for (let end = 0; end < bytes.length; end += Math.ceil(bytes.length / 40)) damaged.push(bytes.slice(0, end))
    for (const bytes of damaged) {
      const failure = await failureOf(() => codec.decode(bytes, context))
      // The bytes may name a schema that does not exist.
      if (failure !== undefined) assertCode(['DECODE_FAILED', 'SCHEMA_MISSING'], bytes, failure.error)
    }
  })

  check('encodes to text as to bytes, under a property that is not enumerable', async (codec) => {
    const text = codec['~snapstream.text']
    if (text === undefined) return
    assert.ok(!Object.keys(codec).includes('~snapstream.text'), '~snapstream.text has to be not enumerable')
    for (const value of values) {
      const bytes = await codec.encode(value, context)
      assert.ok(Buffer.from(text.encode(value, context)).equals(bytes), 'the text is not that of the bytes')
      assertSame(text.decode(Buffer.from(bytes).toString(), context), value)
    }
    for (const value of refused)
      await assertRefused('ENCODE_FAILED', value, () => Buffer.from(text.encode(value as T, context)))
  })
}

/** Compares bytes whatever their class. */
function assertSame(value: unknown, expected: unknown): void {
  if (expected instanceof Uint8Array && value instanceof Uint8Array) assert.ok(Buffer.from(expected).equals(value))
  else assert.deepEqual(value, expected)
}

function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

async function failureOf(run: () => MaybePromise<unknown>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    return { error }
  }
}

async function assertRefused(code: string, what: unknown, run: () => MaybePromise<unknown>): Promise<void> {
  const failure = await failureOf(run)
  assert.ok(failure !== undefined, `${String(what)} was not refused`)
  assertCode([code], what, failure.error)
}

function assertCode(codes: readonly string[], what: unknown, error: unknown): void {
  assert.ok(
    SnapstreamError.is(error),
    `${String(what)} has to be refused with a SnapstreamError, not ${toError(error).message}`,
  )
  assert.ok(
    codes.includes(error.code),
    `${String(what)} has to be refused with ${codes.join(' or ')}, not ${error.code}`,
  )
}

/** Random bytes from a seed: the linear congruential generator of "Numerical Recipes". */
function randomBytesFrom(seed: number): (maxLength: number) => Uint8Array {
  let state = seed >>> 0
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 16
  }
  return (maxLength) => Uint8Array.from({ length: next() % (maxLength + 1) }, () => next() & 0xff)
}
