import { addHead, createKeySpace, type Entry, type Stored } from '@snapstream/cache/storage'

const PLAIN = createKeySpace('')

/** The key of an entry in a changelog: as it is stored, without the place of its part. */
export const changelogKey = (entry: Entry): Stored => PLAIN.forBatch(entry.key)

/** The value of an entry in a changelog: as it is stored, with its expiry; null: the key is deleted. */
export const changelogValue = ({ stored, expiresAt }: Entry): Stored | null =>
  stored === undefined ? null : addHead(stored, expiresAt, 0)
