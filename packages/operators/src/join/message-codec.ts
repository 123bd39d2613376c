import { describe, SnapstreamError, StringCodec } from '@snapstream/core'
import type { SyncCodec } from '@snapstream/core'
import { decodeBase64, encodeBase64 } from './base64.ts'

/** A message that a join keeps. */
export interface Kept {
  /** Its event time, in ms since the epoch. */
  readonly time: number
  readonly message: object
}

/**
 * Kept messages as JSON. What JSON does not have is an object with one field: `{ "~bytes": "AQI=" }`; also `~bigint`, `~date`,
 * `~number` (NaN, infinities and -0), `~map`, `~set` and `~undefined` (in arrays). An object whose own field begins with `~` is in
 * `~object`. Text without such a field is plain JSON, which is the common case.
 */
export function messageCodec(title: string): SyncCodec<Kept> {
  const utf8 = StringCodec()
  return {
    encode({ time, message }) {
      try {
        return utf8.encode(JSON.stringify([time, pack(message, '')]))
      } catch (cause) {
        if (SnapstreamError.is(cause)) throw cause
        throw new SnapstreamError('ENCODE_FAILED', `${title} cannot keep ${describe(message)}: ${String(cause)}`, {
          cause,
        })
      }
    },
    decode(bytes) {
      const text = utf8.decode(bytes)
      const [time, message] = JSON.parse(text) as [number, object]
      return { time, message: text.includes('{"~') ? (unpack(message) as object) : message }
    },
  }

  /** The value as JSON has it. The same object if there is nothing to change. `path`: for errors. */
  function pack(value: unknown, path: string): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : { '~number': Object.is(value, -0) ? '-0' : `${value}` }
      case 'bigint':
        return { '~bigint': `${value}` }
      case 'undefined':
        return { '~undefined': true }
      case 'object':
        return value === null ? null : packObject(value, path)
      default:
        throw refused(value, path)
    }
  }

  function packObject(value: object, path: string): unknown {
    if (Array.isArray(value)) return packItems(value, path)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) return packFields(value as Record<string, unknown>, path)
    if (value instanceof Uint8Array) return { '~bytes': encodeBase64(value) }
    if (value instanceof Date) return { '~date': pack(value.getTime(), path) }
    if (value instanceof Map) return { '~map': packItems([...value], path) }
    if (value instanceof Set) return { '~set': packItems([...value], path) }
    throw refused(value, path)
  }

  function packItems(items: readonly unknown[], path: string): readonly unknown[] {
    let packed: unknown[] | undefined
    for (let i = 0; i < items.length; i++) {
      const item = items[i]
      if (typeof item === 'string') continue
      const other = pack(item, `${path}[${i}]`)
      if (other !== item) (packed ??= [...items])[i] = other
    }
    return packed ?? items
  }

  function packFields(value: Record<string, unknown>, path: string): unknown {
    let changed: [string, unknown][] | undefined
    let tagged = false
    for (const name of Object.keys(value)) {
      if (name.startsWith('~')) tagged = true
      const field = value[name]
      // A field that is undefined is read back as undefined.
      if (field === undefined || field === null || typeof field === 'string' || typeof field === 'boolean') continue
      if (typeof field === 'number' && Number.isFinite(field) && field !== 0) continue
      const other = pack(field, path === '' ? name : `${path}.${name}`)
      if (other !== field) (changed ??= []).push([name, other])
    }
    const packed = changed ? Object.fromEntries([...Object.entries(value), ...changed]) : value
    return tagged ? { '~object': packed } : packed
  }

  function refused(value: unknown, path: string): SnapstreamError {
    return new SnapstreamError(
      'ENCODE_FAILED',
      `${title} keeps plain objects, arrays, text, numbers, bigints, bytes, dates, maps and sets, but ${path || 'the message'} is ${describe(value)}; put map(...) in front of it, which makes a plain object of it`,
    )
  }
}

/** The value from which `pack` made another. */
function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(unpack)
  const fields = Object.entries(value)
  const [name, content] = fields.length === 1 ? (fields[0] as [string, unknown]) : ['', undefined]
  switch (name) {
    case '~bytes':
      return decodeBase64(content as string)
    case '~bigint':
      return BigInt(content as string)
    case '~date':
      return new Date(unpack(content) as number)
    case '~number':
      return Number(content)
    case '~undefined':
      return undefined
    case '~map':
      return new Map(unpack(content) as [unknown, unknown][])
    case '~set':
      return new Set(unpack(content) as unknown[])
    case '~object':
      return fieldsOf(content as object)
    default:
      return fieldsOf(value)
  }
}

function fieldsOf(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, unpack(field)]))
}
