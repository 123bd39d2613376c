import type { Options } from './options.ts'
import type { Case } from './scenario.ts'
import type { DriverName } from './worker-plan.ts'

/** One case with one driver and one seed. */
export interface Run {
  readonly one: Case
  readonly driver: DriverName
  readonly seed: number
  readonly seconds: number
}

/** The runs that the options select, in order. The repetitions of a case follow each other, each with the next seed. */
export function runsOf({ cases, drivers, repeat, seed, seconds, short }: Options): readonly Run[] {
  return cases.flatMap((one) =>
    drivers.flatMap((driver) =>
      Array.from({ length: repeat }, (_, i) => ({
        one,
        driver,
        seed: seed + i,
        seconds: seconds ?? (short ? one.shortSeconds : undefined) ?? one.seconds,
      })),
    ),
  )
}
