import { addProbe } from '@snapstream/core/adapter'
import { METRIC, OPERATION } from './names.ts'
import type { Metric } from './names.ts'
import { bindingAttributes } from './read-health.ts'
import type { AnyApp, Attributes, Reading } from './read-health.ts'

/** Takes a measured value, or for a counter what to add. */
export type RecordValue = (metric: Metric, value: number, attributes: Attributes) => void

/** Durations of an app, which health does not have. */
export interface Watched {
  /** The values of the moment that it has seen. */
  readings(): Reading[]
  /** Ends it. */
  stop(): void
}

/** Measures batches and checkpoints of an app. Streams that begin later are measured. */
export function watchApp(app: AnyApp, record: RecordValue): Watched {
  const attributes = bindingAttributes(app)
  /** By the name of a binding, in s. */
  const delays = new Map<string, number>()

  const removeProbe = addProbe(app, {
    batch(batch, binding, durationMs) {
      const { length } = batch.messages
      // An iterator is one batch without end.
      if (length === 0) return
      record(METRIC.processDuration, durationMs / 1000, { ...attributes.of(binding), ...OPERATION.process })
      const time = batch.timestamp?.(length - 1)
      if (time !== undefined && time >= 0) delays.set(binding, Math.max(0, Date.now() - Number(time)) / 1000)
    },
  })
  const removers = [
    removeProbe,
    attributes.stop,
    app.on('start', () => delays.clear()),
    app.on('checkpoint', ({ durationMs, lanes }) => {
      if (lanes > 0) record(METRIC.checkpointDuration, durationMs / 1000, {})
    }),
  ]

  return {
    readings: () =>
      [...delays].map(([binding, value]) => ({ metric: METRIC.delay, value, attributes: attributes.of(binding) })),
    stop() {
      for (const remove of removers) remove()
    },
  }
}
