export { aggregate } from './aggregate.ts'
export type { Aggregated } from './aggregate.ts'
export type { AnyStore } from './any-store.ts'
export type { Input } from './chain.ts'
export { debounce } from './debounce.ts'
export type { DebounceOptions } from './debounce.ts'
export { dedupe } from './dedupe.ts'
export type { DedupeOptions } from './dedupe.ts'
export { filter } from './filter.ts'
export { join } from './join/join.ts'
export type { JoinedStreams, JoinedTable, JoinedTables } from './join/join.ts'
export type { LookupOptions, StreamJoinOptions, TableJoinOptions } from './join/join-options.ts'
export type { PartitionTable, WholeTable } from './join/join-table.ts'
export type { JoinType } from './join/stream-join.ts'
export { map } from './map.ts'
export { merge } from './merge/merge.ts'
export type { Merged, MergeOptions } from './merge/merge.ts'
export type { Keyed, KeyOf } from './message.ts'
export { process } from './process/process.ts'
export type { ProcessFunctions, ResultOf } from './process/process.ts'
export type { ProcessState, ProcessTimer } from './process/process-state.ts'
export { throttle } from './throttle.ts'
export type { ThrottleOptions } from './throttle.ts'
export type { EventTimeOptions } from './timed-step.ts'
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
