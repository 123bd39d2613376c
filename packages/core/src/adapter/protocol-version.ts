import { SnapstreamError } from '../error.ts'

/** The version of the protocols in `protocol.ts`. docs/decisions/the-protocol-has-a-version.md says which change raises it. */
export const PROTOCOL_VERSION = 1

/** The type of the version that an adapter declares. When core raises its version, the adapter does not compile until it is revised. */
export type ProtocolVersion = typeof PROTOCOL_VERSION

/** The key in the `scope` of a run under which the core that runs it puts its protocol version. */
export const PROTOCOL_KEY = '~snapstream.protocol'

/**
 * Refuses an adapter (a package of sources, sinks or codecs) that was built for another version of the protocols.
 *
 * - `adapter`: the name of the adapter's package.
 * - `built`: the protocol version that the adapter was written for.
 * - `scope`: the `scope` among the options that a source or sink is opened with. It holds the version of the core that runs
 *   the stream, which may be another copy than the one that the adapter imports. A scope without a version is accepted, as
 *   tests make their own. Without `scope`, the version of the imported core is checked: use this form when a topic, cache or
 *   codec is made.
 *
 * Throws `PROTOCOL_MISMATCH`, which names both versions and the command that installs packages that fit.
 *
 * @example
 * const BUILT_FOR: ProtocolVersion = 1
 * expectProtocol('my-adapter', BUILT_FOR)
 */
export function expectProtocol(adapter: string, built: number, scope?: ReadonlyMap<unknown, unknown>): void {
  const found = scope ? ((scope.get(PROTOCOL_KEY) as number | undefined) ?? built) : PROTOCOL_VERSION
  if (found === built) return
  const core = scope ? 'the core that runs the stream' : 'the core that it imports'
  throw new SnapstreamError(
    'PROTOCOL_MISMATCH',
    `${adapter} was built for version ${built} of the protocol of @snapstream/core, and ${core} has version ${found}; run npm install @snapstream/core@latest ${adapter}@latest, with all other packages of @snapstream that you have; npm ls @snapstream/core then lists one version`,
  )
}
