import { expectProtocol } from '@snapstream/core/adapter'
import type { ProtocolVersion } from '@snapstream/core/adapter'

/** A literal: a change of core's version has to be made here by hand, together with a revision of this package. */
const BUILT_FOR: ProtocolVersion = 1

/** Throws for a core that this package was not built for. @param scope of the core that runs; default: the imported core */
export function checkProtocol(scope?: ReadonlyMap<unknown, unknown>): void {
  expectProtocol('@snapstream/kafka', BUILT_FOR, scope)
}
