import { expectProtocol } from '@snapstream/core/adapter'
import type { ProtocolVersion } from '@snapstream/core/adapter'

/** A literal: a change of core's version has to be made here by hand, together with a revision of this package. */
const BUILT_FOR: ProtocolVersion = 1

/** Throws for a core that this package was not built for. */
export function checkProtocol(): void {
  expectProtocol('@snapstream/kafkats', BUILT_FOR)
}
