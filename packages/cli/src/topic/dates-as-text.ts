import type { LogicalType } from '@snapstream/codecs/avro'

const DAY_MS = 86_400_000
/** The year has four digits, or six and a sign. */
const DAY = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d$/
const TIME = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/

/** Dates of Avro as texts, in both directions, because JSON has no dates. All other logical types are JSON already. */
export const DATES_AS_TEXT: Readonly<Record<string, LogicalType>> = {
  date: textOf('int', DAY, (iso) => iso.slice(0, iso.indexOf('T')), "a text like '2026-01-31'"),
  'timestamp-millis': textOf('long', TIME, (iso) => iso, "a text like '2026-01-31T12:00:00.000Z'"),
}

function textOf(type: 'int' | 'long', form: RegExp, cut: (iso: string) => string, takes: string): LogicalType {
  const unitMs = type === 'int' ? DAY_MS : 1
  return {
    kind: 'string',
    takes,
    fromAvro(value: number | bigint) {
      const date = new Date(Number(value) * unitMs)
      if (Number.isNaN(date.getTime())) throw new Error(`a time in them is beyond the range of a date (${value})`)
      return cut(date.toISOString())
    },
    toAvro(value) {
      const count = typeof value === 'string' && form.test(value) ? Date.parse(value) / unitMs : Number.NaN
      if (!Number.isSafeInteger(count)) return undefined
      return type === 'long' ? BigInt(count) : count
    },
  }
}
