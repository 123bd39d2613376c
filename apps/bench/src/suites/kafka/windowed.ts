/** Calls `f` for every item, with at most `limit` of its promises open. Rejects with the first failure. */
export async function windowed<T>(items: Iterable<T>, limit: number, f: (item: T) => Promise<unknown>): Promise<void> {
  let open = 0
  let failed: { readonly error: unknown } | undefined
  let wake = () => {}
  const settle = () => {
    open -= 1
    wake()
  }
  const fail = (error: unknown) => {
    failed ??= { error }
    settle()
  }
  const until = async (limit: number) => {
    while (open >= limit && failed === undefined) await new Promise<void>((resolve) => (wake = resolve))
    if (failed !== undefined) throw failed.error
  }
  for (const item of items) {
    if (open >= limit) await until(limit)
    open += 1
    f(item).then(settle, fail)
  }
  await until(1)
}
