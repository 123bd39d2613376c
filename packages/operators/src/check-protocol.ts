import { expectProtocol } from '@snapstream/core/adapter'
import type { ProtocolVersion } from '@snapstream/core/adapter'

/** Written out: it is revised together with the package when core raises its version. */
const BUILT_FOR: ProtocolVersion = 1

/** Refuses a core that this package was not built for: without `scope` the imported one, with it the one that runs. */
export function checkProtocol(scope?: ReadonlyMap<unknown, unknown>): void {
  expectProtocol('@snapstream/operators', BUILT_FOR, scope)
}
