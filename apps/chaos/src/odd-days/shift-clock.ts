import process from 'node:process'

/**
 * Loaded before all other modules. Shifts the time of day of this process by the milliseconds that its parent sends, like a
 * correction of the system clock. Monotonic clocks and timers are not affected.
 */
let shiftMs = 0
const Real = Date
const now = Real.now.bind(Real)

class ShiftedDate extends Real {
  constructor(...args: [] | ConstructorParameters<typeof Date>) {
    if (args.length === 0) super(now() + shiftMs)
    else super(...args)
  }

  static override now(): number {
    return now() + shiftMs
  }
}
globalThis.Date = ShiftedDate as DateConstructor

process.on('message', (message: { readonly shiftMs?: number }) => {
  if (message.shiftMs === undefined) return
  shiftMs = message.shiftMs
  process.send?.({ shifted: shiftMs })
})
