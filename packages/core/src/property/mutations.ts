/** A deliberate fault: `find` in `file` is replaced, and the property has to notice. */
export interface Mutation {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

export const mutations: readonly Mutation[] = [
  {
    name: 'acknowledge before the flush',
    file: 'checkpointer.ts',
    find: 'await allSettled(writers.filter((writer) => !writer.atomic)',
    replace:
      'await Promise.all([...noted].map(([source, handled]) => source.commit(handled))); await allSettled(writers.filter((writer) => !writer.atomic)',
  },
  {
    name: 'flush without waiting',
    file: 'checkpointer.ts',
    find: 'await allSettled(writers.filter((writer) => !writer.atomic)',
    replace: 'void Promise.allSettled(writers.filter((writer) => !writer.atomic)',
  },
  {
    name: 'lost backoff',
    file: 'step.ts',
    find: 'await cursor.run.sleep(policy.backoffMs(attempt))',
    replace: '',
  },
  {
    name: 'wrong minimum over the bindings',
    file: 'lane.ts',
    find: 'Math.min(',
    replace: 'Math.max(',
  },
  {
    name: 'double batch',
    file: 'lane.ts',
    find: 'for (const worker of this.workers) worker.push(held)',
    replace: 'for (const worker of this.workers) { worker.push(held); if (this.held.length === 2) worker.push(held) }',
  },
  {
    name: 'commit after revoke',
    file: 'source-run.ts',
    find: '.filter(([id]) => lanes.get(id) === marked.get(id))',
    replace: '',
  },
  {
    name: 'give a lane up without waiting for what is in flight',
    file: 'source-run.ts',
    find: 'for (const lane of given) await lane.idle()',
    replace: '',
  },
  {
    name: 'go on before an asynchronous handler has finished',
    file: 'sequential-worker.ts',
    find: 'if (pending !== undefined) await pending',
    replace: 'if (pending !== undefined) await Promise.race([pending.catch(() => {}), 0])',
  },
  {
    name: 'start the messages of a key side by side',
    file: 'keyed-worker.ts',
    find: 'if (tail === undefined) begin(item)',
    replace: 'if (true) begin(item)',
  },
  {
    name: 'count a message as handled while it is in flight',
    file: 'sequential-worker.ts',
    find: 'taken - inFlight',
    replace: 'taken',
  },
]
