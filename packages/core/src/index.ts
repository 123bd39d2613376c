export { BytesCodec } from './bytes-codec.ts'
export type { Codec, CodecContext, SyncCodec } from './codec.ts'
export { SnapstreamError, describe, toError } from './error.ts'
export type { ErrorCode, ErrorFields } from './error.ts'
export { platformHost } from './host.ts'
export type {
  Batch,
  BatchSource,
  Checkpoint,
  Headers,
  Host,
  Lane,
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
export { StringCodec } from './string-codec.ts'
