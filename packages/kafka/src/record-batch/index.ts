export { recordBatchEncoder } from './record-batch-encoder.ts'
export type { EncodeOptions, RecordBatchEncoder } from './record-batch-encoder.ts'
export type { AbortedTransaction, Crc32c, FetchedPartition } from './fetched-partition.ts'
