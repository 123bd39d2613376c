// For authors of adapters (sources, sinks, codecs). The size budget of the root import does not include these.
export type {
  Changelog,
  ChangelogBatch,
  ChangelogOptions,
  ChangelogReset,
  ChangelogResetOptions,
  ChangelogSource,
  Copartition,
  CopartitionOptions,
  PartitionedSource,
  PartitionOwner,
  TableLog,
  TableLogOptions,
  TableSource,
} from '../changelog.ts'
export type { Probe, ProbedMessage, Trace } from '../observe/probe.ts'
export { backoff } from './backoff.ts'
export type { BackoffOptions } from './backoff.ts'
export { compareKeys } from './compare-keys.ts'
export { findLoss } from './lossless-json.ts'
export type {
  NotLoaded,
  OperatorAccess,
  OperatorArea,
  OperatorClock,
  OperatorKey,
  OperatorPart,
  OperatorRange,
  OperatorStore,
  OperatorTimer,
  TimerKind,
} from './operator-state.ts'
export { partitionOfLane } from './partition-of-lane.ts'
export { addProbe, bindingsOf } from './probes.ts'
export type { About, AboutBinding } from './probes.ts'
export { createCondition, isThenable } from './promise.ts'
export type { Condition } from './promise.ts'
export { expectProtocol, PROTOCOL_VERSION } from './protocol-version.ts'
export type { ProtocolVersion } from './protocol-version.ts'
export { refCounted } from './ref-counted.ts'
export type { RefCounted } from './ref-counted.ts'
export type { Resettable, ResetOptions } from '../reset.ts'
export { sleep } from './sleep.ts'
export { sourcesOf } from './sources-of.ts'
export { TEST_FOLDERS_KEY } from './test-folders.ts'
export { withTimeout } from './with-timeout.ts'
export type { TimeoutOptions } from './with-timeout.ts'
