/**
 * The metadata of a committed offset. It names the owner of the partition, by the transactional id whose transactions commit
 * the offsets, so that the next member of the group can end a transaction that a dead owner left open.
 *
 * @param owner empty for a partition that was given up in order
 */
export function ownerMetadata(owner: string): string {
  return owner === '' ? '' : JSON.stringify({ owner })
}

/** The owner that the metadata of a committed offset names; empty if there is none, or the metadata is of another program. */
export function ownerOf(metadata: string): string {
  if (!metadata.startsWith('{')) return ''
  try {
    const { owner } = JSON.parse(metadata) as { readonly owner?: unknown }
    return typeof owner === 'string' ? owner : ''
  } catch {
    return ''
  }
}
