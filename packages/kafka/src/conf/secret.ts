/**
 * A text that is for nobody's eyes, a password or a private key: it does not show in logs, in `util.inspect`, in JSON
 * or as a string, and is copied along with the settings it is in.
 */
export interface Secret {
  /** The text itself. */
  readonly '~snapstream.secret': () => string
}

const SHOWN = '[secret]'

export function secret(text: string): Secret {
  const made = { '~snapstream.secret': () => text }
  const shown = () => SHOWN
  // Not enumerable: what compares or copies settings is to see the text's own function and nothing else.
  for (const name of ['toString', 'toJSON', Symbol.for('nodejs.util.inspect.custom')])
    Object.defineProperty(made, name, { value: shown })
  return Object.freeze(made)
}

export function isSecret(value: unknown): value is Secret {
  return typeof (value as Partial<Secret> | null | undefined)?.['~snapstream.secret'] === 'function'
}

export function reveal(from: Secret): string {
  return from['~snapstream.secret']()
}

/**
 * An object for those who need the texts, which shows as if it had none: its secrets are read by name, or copied, and
 * left out of `util.inspect` and JSON.
 */
export function withSecrets<
  T extends Readonly<Record<string, unknown>>,
  S extends Readonly<Record<string, Secret | undefined>>,
>(open: T, secrets: S): T & { readonly [N in keyof S]: string } {
  const made: object = { ...open }
  const shown: Record<string, unknown> = { ...open }
  for (const [name, value] of Object.entries(secrets)) {
    if (value === undefined) continue
    Object.defineProperty(made, name, { get: () => reveal(value), enumerable: true })
    shown[name] = SHOWN
  }
  for (const name of ['toJSON', Symbol.for('nodejs.util.inspect.custom')])
    Object.defineProperty(made, name, { value: () => shown })
  return made as T & { readonly [N in keyof S]: string }
}
