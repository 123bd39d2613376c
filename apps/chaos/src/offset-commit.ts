export interface OffsetCommit {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  /** The offset of the next record to read. */
  readonly offset: number
}

/**
 * Parses a record of `__consumer_offsets`. Returns undefined for group metadata and for deleted offsets.
 */
export function parseOffsetCommit(key: Uint8Array | null, value: Uint8Array | null): OffsetCommit | undefined {
  if (key === null || value === null) return undefined
  const keys = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  // Key versions 0 and 1 are offsets; 2 and above are group metadata.
  if (keys.length < 2 || keys.readInt16BE(0) > 1) return undefined
  const [groupId, topicAt] = readText(keys, 2)
  const [topic, partitionAt] = readText(keys, topicAt)
  const values = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return { groupId, topic, partition: keys.readInt32BE(partitionAt), offset: Number(values.readBigInt64BE(2)) }
}

/** Parses the generation of a group from a record of `__consumer_offsets`. It grows by one with each rebalance. */
export function parseGeneration(
  key: Uint8Array | null,
  value: Uint8Array | null,
): { readonly groupId: string; readonly generation: number } | undefined {
  if (key === null || value === null) return undefined
  const keys = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  if (keys.length < 2 || keys.readInt16BE(0) !== 2) return undefined
  const [groupId] = readText(keys, 2)
  const values = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  // The protocol type follows the version.
  const [, generationAt] = readText(values, 2)
  return { groupId, generation: values.readInt32BE(generationAt) }
}

function readText(bytes: Buffer, at: number): readonly [text: string, next: number] {
  const next = at + 2 + bytes.readInt16BE(at)
  return [bytes.toString('utf8', at + 2, next), next]
}
