/** Names a record of the input. The value of each output is the place of its input. */
export const placeOf = (partition: number, offset: number): string => `${partition}/${offset}`
