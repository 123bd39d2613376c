/** A deliberate fault: `find` in `file` becomes `replace`, and the property has to detect it. */
export interface Mutation {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** The check that detects it. @default the one of the engine */
  readonly detectedBy?: 'transactions'
}

/** Faults that commit a value twice, in the wrong order, or never. */
function transactionMutations(): readonly Mutation[] {
  const mutations: readonly Omit<Mutation, 'detectedBy'>[] = [
    {
      name: 'commit the values of a lost lane',
      file: 'engine/source-run.ts',
      find: 'transaction && given.some(({ torn }) => torn)',
      replace: 'false',
    },
    {
      name: 'commit a transaction that is torn',
      file: 'engine/end-transaction.ts',
      find: 'const isTorn = transaction.torn ||',
      replace: 'const isTorn = false &&',
    },
    {
      name: 'go on after an abort without going back',
      file: 'engine/source-run.ts',
      find: 'reader?.rewind?.(ids)',
      replace: 'ids',
    },
    {
      name: 'take back only what the aborted flush had',
      file: 'engine/end-transaction.ts',
      find: '  tear(transaction)\n',
      replace: '  if (!writer.release) tear(transaction)\n',
    },
    {
      name: 'abort while messages are in flight',
      file: 'engine/end-transaction.ts',
      find: '  await idle(transaction)\n',
      replace: '',
    },
    {
      name: 'end with messages that are not committed',
      file: 'engine/source-run.ts',
      find: '!lane.empty() || (atomicSink?.abort &&',
      replace: '!lane.empty() || (false &&',
    },
    {
      name: 'end although a source was rewound behind its end',
      file: 'engine/source-run.ts',
      find: 'while (rewound)',
      replace: 'while (false)',
    },
    {
      name: 'go on with the old lane after a rewind',
      file: 'engine/source-run.ts',
      find: 'const back = ids.map(addLane)',
      replace: 'const back: LaneRun[] = []',
    },
    {
      name: 'commit a tick without the position of its lane',
      file: 'engine/source-run.ts',
      find: 'position = reader?.startOf?.(lane.id) })',
      replace: 'position })',
    },
    {
      name: 'commit the position of a lane only if it has moved',
      file: 'engine/lane.ts',
      find: ' || ticks() !== acknowledged',
      replace: '',
    },
    {
      name: 'take ticks while a source goes back',
      file: 'engine/source-run.ts',
      find: 'for (const lane of back) lane.wait(over)',
      replace: '',
    },
    {
      name: 'flush a transaction while messages are in flight',
      file: 'engine/checkpointer.ts',
      find: 'for (const transaction of stopped) await idle(transaction)',
      replace: '',
    },
    {
      name: 'release the values of a message before those of an earlier one',
      file: 'engine/keyed-worker.ts',
      find: 'release && releaseInOrder(release, number, cursor)',
      replace: 'release?.(cursor)',
    },
    {
      name: 'count a message as handled before its values are released',
      file: 'engine/sequential-worker.ts',
      find: 'room = release?.(cursor)',
      replace: 'room = runtime.host.yield().then(() => release?.(cursor))',
    },
    {
      name: 'prepare a transaction after its positions were noted',
      file: 'engine/checkpointer.ts',
      find: 'for (const { writer } of transactions.values()) writer.prepare?.(checkpoint)',
      replace: 'await host.yield(); for (const { writer } of transactions.values()) writer.prepare?.(checkpoint)',
    },
    {
      name: 'carry out the verdict of a torn lane',
      file: 'engine/step.ts',
      find: 'throw toError(thrown)\n',
      replace: '\n',
    },
    {
      name: 'commit the lanes of a transaction that were given up while it was aborted',
      file: 'engine/source-run.ts',
      find: 'leaving.has(lane) ? [] : lane.id',
      replace: 'lane.id',
    },
    {
      name: 'keep the state of an aborted transaction',
      file: 'engine/end-transaction.ts',
      find: 'for (const state of statesIn(runtime, transaction)) state.abort()',
      replace: '',
    },
    {
      name: 'store the state of aborted transactions only',
      file: 'engine/end-transaction.ts',
      find: 'if (!aborted) await Promise.all(statesIn',
      replace: 'if (aborted) await Promise.all(statesIn',
    },
    {
      name: 'prepare a state after its positions were noted',
      file: 'engine/checkpointer.ts',
      find: 'for (const { state } of writers.values()) state?.prepare(checkpoint)',
      replace: 'await host.yield(); for (const { state } of writers.values()) state?.prepare(checkpoint)',
    },
    {
      name: 'keep the writes of a failed attempt',
      file: 'engine/step.ts',
      find: 'state?.undo(cursor)\n    return failed',
      replace: 'return failed',
    },
    {
      name: 'keep the writes of a message that is skipped',
      file: 'engine/step.ts',
      find: 'stay.\n        if (cursor.refusals === 0) state?.undo(cursor)',
      replace: '',
    },
  ]
  return mutations.map((mutation) => ({ ...mutation, detectedBy: 'transactions' }))
}

export const mutations: readonly Mutation[] = [
  {
    name: 'acknowledge before the flush',
    file: 'engine/checkpointer.ts',
    find: 'await flush()\n    // Of what',
    replace: 'await all(given, committing, (source) => source.commit()); await flush()\n    // Of what',
  },
  {
    name: 'flush without waiting',
    file: 'engine/checkpointer.ts',
    find: 'await flush()\n    // Of what',
    replace: 'void flush()\n    // Of what',
  },
  {
    name: 'lost backoff',
    file: 'engine/step.ts',
    find: 'await lane.sleep(waitMs, cursor.refusals > 0)',
    replace: 'true',
  },
  {
    name: 'wrong minimum over the bindings',
    file: 'engine/lane.ts',
    find: 'Math.min(',
    replace: 'Math.max(',
  },
  {
    name: 'double batch',
    file: 'engine/lane.ts',
    find: 'queues.map((enqueue) => enqueue(',
    replace:
      'queues.map((enqueue) => (held.length === 1 && enqueue({ batch, handled: 0, ahead: undefined, counted: 0, over: false }), enqueue)(',
  },
  {
    name: 'commit after revoke',
    file: 'engine/source-run.ts',
    find: '.filter(({ lane }) => lanes.get(lane.id) === lane)',
    replace: '',
  },
  {
    name: 'give a lane up without waiting for what is in flight',
    file: 'engine/source-run.ts',
    find: 'for (const lane of await given) await lane.idle()',
    replace: '',
  },
  {
    name: 'go on before an asynchronous handler has finished',
    file: 'engine/sequential-worker.ts',
    find: 'await pending',
    replace: 'await Promise.race([Promise.resolve(pending).catch(() => {}), 0])',
  },
  {
    name: 'start the messages of a key side by side',
    file: 'engine/keyed-worker.ts',
    find: 'const before = tails.get(key)',
    replace: 'const before = undefined',
  },
  {
    name: 'count a message as handled while it is in flight',
    file: 'engine/sequential-worker.ts',
    find: 'await pending\n          finish(share)',
    replace: 'finish(share)\n          await pending',
  },
  {
    name: 'give up in silence',
    file: 'engine/step.ts',
    find: 'if (!lane.revoked) load.givenUp++',
    replace: '',
  },
  {
    name: 'give up a wait for a retry in silence',
    file: 'engine/step.ts',
    find: 'if (!(await lane.sleep(waitMs, cursor.refusals > 0))) giveUp(cursor)',
    replace: 'if (!(await lane.sleep(waitMs, cursor.refusals > 0))) throw HALTED',
  },
  {
    name: 'give up a generator in silence',
    file: 'engine/step.ts',
    find: 'if ((pending || waited) && context.signal.aborted) giveUp(cursor)',
    replace: 'if ((pending || waited) && context.signal.aborted) throw HALTED',
  },
  {
    name: 'leave out what is in flight',
    file: 'engine/run.ts',
    find: 'if (busy > 0)',
    replace: 'if (busy > 1)',
  },
  {
    name: 'acknowledge what was given up',
    file: 'engine/sequential-worker.ts',
    find: 'await pending\n          finish(share)',
    replace:
      "await Promise.resolve(pending).catch((thrown) => { if (typeof thrown !== 'symbol') throw thrown })\n          finish(share)",
  },
  {
    name: 'wait by the clock that is corrected',
    file: 'engine/lane.ts',
    find: 'const due = host.monotonic() + ms',
    replace: 'const due = host.now() + ms',
  },
  {
    name: 'open a lane before its state',
    file: 'engine/lane.ts',
    find: '&& !lane.waits',
    replace: '',
  },
  {
    name: 'close the state of a lane with messages in flight',
    file: 'engine/source-run.ts',
    find: "const close = reason === 'paused' ? undefined : states?.leave(ids)",
    replace: "if (reason !== 'paused') states?.leave(ids)(); const close = undefined",
  },
  {
    name: 'open the state of a lane before it is closed',
    file: 'engine/lane-states.ts',
    find: 'await closed.get(lane.id)',
    replace: '',
  },
  {
    name: 'commit positions before the state is stored',
    file: 'engine/checkpointer.ts',
    find: 'await all(stateful, flushing,',
    replace: 'void all(stateful, flushing,',
  },
  {
    name: 'keep the writes of a lost lane',
    file: 'engine/releaser.ts',
    find: 'if (lane.lost)',
    replace: 'if (false)',
  },
  {
    name: 'drop the writes of messages before one that failed',
    file: 'engine/releaser.ts',
    find: 'if (lane.lost)',
    replace: 'if (lane.torn)',
  },
  ...transactionMutations(),
]
