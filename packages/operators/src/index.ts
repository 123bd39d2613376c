export { aggregate } from './aggregate.ts'
export type { Aggregated } from './aggregate.ts'
export type { Input } from './chain.ts'
export { filter } from './filter.ts'
export { map } from './map.ts'
export type { Keyed, KeyOf } from './message.ts'
export { window } from './window/window.ts'
export { windowKey } from './window/window-key.ts'
export type {
  AlignedSpec,
  CountSpec,
  EmitOptions,
  SessionSpec,
  SlidingSpec,
  TimeOptions,
  Windowed,
  WindowOptions,
} from './window/window-options.ts'
