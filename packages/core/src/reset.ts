import type { MaybePromise } from './protocol.ts'

/** One thing that a reset removes or sets back. */
export interface ResetItem {
  /** `'offsets'`: the positions of a group in a topic; `'changelog'`: a topic; `'folder'`: the state of a store on disk. */
  readonly kind: 'offsets' | 'changelog' | 'folder'
  /** The name of the topic, or the path of the folder. */
  readonly name: string
  /** What happens to it, in words. */
  readonly effect: string
}

/** The options of `'~snapstream.reset'`. */
export interface ResetOptions {
  /** All bindings of the app. */
  readonly bindings: readonly BoundObjects[]
  /** True: nothing is changed. */
  readonly dryRun: boolean
  /** As the `scope` of a run. */
  readonly scope: Map<unknown, unknown>
}

/** The objects of one binding. */
export interface BoundObjects {
  /** Its sources. */
  readonly sources: readonly unknown[]
  /** Its sinks, its dead letter sink, and the objects in `use`. */
  readonly targets: readonly unknown[]
}

/** A source, sink or resource with something to reset. */
export interface Resettable {
  /**
   * Removes what earlier runs left, and returns it. Called for all objects with `dryRun` first: whatever stands in the way, such
   * as members of a group, rejects that call.
   */
  readonly '~snapstream.reset'?: (options: ResetOptions) => MaybePromise<readonly ResetItem[]>
}

/** Resets all objects of bindings. Returns what was removed, or would be. */
export async function resetBindings(
  bindings: readonly BoundObjects[],
  isDry: boolean,
  scope: Map<unknown, unknown>,
): Promise<readonly ResetItem[]> {
  let items: ResetItem[] = []
  for (const dryRun of isDry ? [true] : [true, false]) {
    items = []
    for (const bound of new Set(bindings.flatMap(({ sources, targets }) => [...sources, ...targets])))
      items.push(...((await (bound as Resettable)?.['~snapstream.reset']?.({ bindings, dryRun, scope })) ?? []))
  }
  return items
}
