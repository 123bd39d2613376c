import type { LogicalType } from '@snapstream/codecs/avro'

const DAY_MS = 86_400_000

/** Dates of Avro as texts, in both directions: JSON has no dates. All other logical types are JSON already. */
export const DATES_AS_TEXT: Readonly<Record<string, LogicalType>> = {
  date: textOf(DAY_MS, /^\d{4}-\d\d-\d\d$/, 10, "a text like '2026-01-31'"),
  'timestamp-millis': textOf(1, /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/, 24, "a text like '2026-01-31T12:00:00.000Z'"),
}

function textOf(unitMs: number, form: RegExp, length: number, takes: string): LogicalType {
  return {
    kind: 'string',
    takes,
    fromAvro(value: number | bigint) {
      const date = new Date(Number(value) * unitMs)
      if (Number.isNaN(date.getTime())) throw new Error(`a time in them is beyond what a date holds (${value})`)
      return date.toISOString().slice(0, length)
    },
    toAvro(value) {
      const count = typeof value === 'string' && form.test(value) ? Date.parse(value) / unitMs : Number.NaN
      return Number.isSafeInteger(count) ? count : undefined
    },
  }
}
