/** Random bytes, the same for the same seed: a linear congruential generator, as of "Numerical Recipes". */
export function randomBytesFrom(seed: number): (maxLength: number) => Uint8Array {
  let state = seed >>> 0
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 16
  }
  return (maxLength) => Uint8Array.from({ length: next() % (maxLength + 1) }, () => next() & 0xff)
}
