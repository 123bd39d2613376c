import { createRequire } from 'node:module'
import { crc32c as slowCrc32c } from '@kafkats/client'
import { toError } from '@snapstream/core'
import type { Crc32c } from '@snapstream/kafka/record-batch'

/** The checksum in native code; if that does not load, one in JavaScript, with a warning. */
export function loadCrc32c(load: () => unknown = loadNative): Crc32c {
  try {
    const { crc32c } = load() as { readonly crc32c: Crc32c }
    if (crc32c(CHECK) !== CHECKED) throw new Error('it computes another checksum')
    return crc32c
  } catch (thrown) {
    const [reason] = toError(thrown).message.split('\n')
    console.warn(
      `snapstream: @node-rs/crc32 could not be loaded (${reason}): checksums are computed in JavaScript, which makes ` +
        'reading and writing about a tenth slower; see that optional dependencies are installed for this platform',
    )
    return (bytes) => slowCrc32c(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }
}

/** The standard test input of CRCs, and its CRC32C. */
const CHECK = Buffer.from('123456789')
const CHECKED = 0xe3069283

function loadNative(): unknown {
  return createRequire(import.meta.url)('@node-rs/crc32')
}
