/** A time in which a worker could not keep what it owned: paused, cut off, or gone. */
export interface Lapse {
  /** Undefined: every worker. */
  readonly worker: string | undefined
  readonly from: number
  /** Undefined: it never came back. */
  readonly to: number | undefined
}

/** Whether a worker was well from one time to another. */
export function wasWell(lapses: readonly Lapse[], worker: string, from: number, to: number): boolean {
  return !lapses.some(
    (lapse) =>
      (lapse.worker ?? worker) === worker && lapse.from <= to && (lapse.to ?? Number.POSITIVE_INFINITY) >= from,
  )
}
