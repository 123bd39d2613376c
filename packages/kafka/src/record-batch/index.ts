export { encodeBatches, recordBatchEncoder } from './record-batch-encoder.ts'
export type { EncodedBatch, EncodeOptions, RecordBatchEncoder } from './record-batch-encoder.ts'
export type { AbortedTransaction, Crc32c, FetchedPartition } from './fetched-partition.ts'
