/** The outputs of a worker whose messages have several: one in the output, two in a second topic, and dead letters. */

export const secondOf = (output: string): string => `${output}-second`
export const lettersOf = (output: string): string => `${output}-letters`

/** Whether the handler fails for a record. It has no outputs then, and one dead letter. */
export const isDeadLetter = (offset: number): boolean => offset % 50 === 7

const COPIES = ['a', 'b']

/** The values in the second topic for one place. */
export const secondValues = (place: string): readonly string[] => COPIES.map((copy) => `${place} ${copy}`)

/** The first value of a place in the second topic, and the second: each as values that name places. */
export function placesOf<R extends { readonly value: string }>(records: readonly R[]): readonly (readonly R[])[] {
  return COPIES.map((copy) =>
    records
      .filter(({ value }) => value.endsWith(` ${copy}`))
      .map((record) => ({ ...record, value: record.value.slice(0, -1 - copy.length) })),
  )
}
