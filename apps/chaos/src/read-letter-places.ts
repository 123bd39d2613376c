import { BytesCodec } from '@snapstream/core'
import { Topic, replay } from '@snapstream/kafka'
import { placeOf } from './place.ts'

/** The places of the records that became dead letters. */
export async function readLetterPlaces(brokers: string, name: string): Promise<readonly string[]> {
  const found: string[] = []
  const dead = Topic<Uint8Array>(name, { codec: BytesCodec(), conf: { brokers } })
  // A dry run sends none of them.
  await replay(dead, {
    where({ origin }) {
      found.push(origin ? placeOf(origin.partition, origin.offset) : 'unknown')
      return true
    },
    dryRun: true,
  })
  return found
}
