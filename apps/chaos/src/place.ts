/** Names a record of the input: what its outputs say. */
export const placeOf = (partition: number, offset: number): string => `${partition}/${offset}`
