export { createApp } from './app.ts'
export type { App, AppOptions } from './app.ts'
export { batch } from './operators/batch.ts'
export type { BatchContext, BatchOptions } from './operators/batch.ts'
export { BytesCodec } from './codecs/bytes-codec.ts'
export type { Codec, CodecContext, SyncCodec, TextCodec } from './codecs/codec.ts'
export { app, snap, stream } from './default-app.ts'
export { causesOf, describe, toError } from './describe.ts'
export type { Cause } from './describe.ts'
export { SnapstreamError } from './error.ts'
export type { ErrorCode, ErrorFields } from './error.ts'
export type { Events, FailedMessage, InFlight, On } from './observe/events.ts'
export type { BindingHealth, Health } from './observe/health.ts'
export { platformHost } from './host.ts'
export type { Host } from './host.ts'
export { interval } from './operators/interval.ts'
export type { IntervalOptions, Tick } from './operators/interval.ts'
export type { Logger } from './observe/logger.ts'
export type {
  Batch,
  BatchSource,
  Checkpoint,
  Failure,
  Headers,
  Kept,
  Lane,
  LaneState,
  Lasting,
  Lateness,
  MaybePromise,
  Origin,
  Position,
  Positions,
  ReaderOptions,
  Resource,
  RestoreProgress,
  SinkOptions,
  SinkTarget,
  SinkWriter,
  SourceReader,
} from './protocol.ts'
export type { ResetItem } from './reset.ts'
export { route } from './operators/route.ts'
export type { Route } from './operators/route.ts'
export { to } from './operators/to.ts'
export { StringCodec } from './codecs/string-codec.ts'
export type {
  Binder,
  BoundThrough,
  Context,
  Emits,
  ErrorVerdict,
  OnError,
  Sink,
  Snap,
  SnapOptions,
  Source,
  StreamOptions,
  Through,
  ThroughParts,
  To,
} from './types.ts'
