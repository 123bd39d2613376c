export { createApp } from './app.ts'
export type { App, AppOptions } from './app.ts'
export { batch } from './batch.ts'
export type { BatchContext, BatchOptions } from './batch.ts'
export { BytesCodec } from './bytes-codec.ts'
export type { Codec, CodecContext, SyncCodec, TextCodec } from './codec.ts'
export { app, snap, stream } from './default-app.ts'
export { causesOf, describe, toError } from './describe.ts'
export type { Cause } from './describe.ts'
export { SnapstreamError } from './error.ts'
export type { ErrorCode, ErrorFields } from './error.ts'
export type { Events, FailedMessage, InFlight, On } from './events.ts'
export type { BindingHealth, Health } from './health.ts'
export { platformHost } from './host.ts'
export { interval } from './interval.ts'
export type { IntervalOptions, Tick } from './interval.ts'
export type { Logger } from './logger.ts'
export type {
  Batch,
  BatchSource,
  Checkpoint,
  Failure,
  Headers,
  Host,
  Kept,
  Lane,
  Lasting,
  MaybePromise,
  Origin,
  Position,
  Positions,
  ReaderOptions,
  Resource,
  SinkOptions,
  SinkTarget,
  SinkWriter,
  SourceReader,
} from './protocol.ts'
export { route } from './route.ts'
export type { Route } from './route.ts'
export { StringCodec } from './string-codec.ts'
export type {
  Binder,
  Context,
  Emits,
  ErrorVerdict,
  OnError,
  Sink,
  Snap,
  SnapOptions,
  Source,
  StreamOptions,
} from './types.ts'
