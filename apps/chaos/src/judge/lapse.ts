/** A time in which a worker could not keep its partitions: it was paused, cut off or dead. */
export interface Lapse {
  /** Undefined: all workers. */
  readonly worker: string | undefined
  readonly from: number
  /** Undefined: the worker did not come back. */
  readonly to: number | undefined
}

/** Whether a worker had no lapse between two times. */
export function wasWell(lapses: readonly Lapse[], worker: string, from: number, to: number): boolean {
  return !lapses.some(
    (lapse) =>
      (lapse.worker ?? worker) === worker && lapse.from <= to && (lapse.to ?? Number.POSITIVE_INFINITY) >= from,
  )
}
