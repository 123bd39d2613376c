const given = new Set<string>()

/** A warning that a process sees once. */
export function warnOnce(message: string): void {
  if (given.has(message)) return
  given.add(message)
  console.warn(`snapstream: ${message}`)
}

/** Lets every warning be given again. */
export function forgetWarnings(): void {
  given.clear()
}
