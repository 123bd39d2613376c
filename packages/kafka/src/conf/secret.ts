/**
 * A password or a private key. Logs, `util.inspect`, JSON and `String()` do not show it. Copies of settings keep it.
 */
export interface Secret {
  /** The text itself. */
  readonly '~snapstream.secret': () => string
}

const SHOWN = '[secret]'

export function secret(text: string): Secret {
  const made = { '~snapstream.secret': () => text }
  const shown = () => SHOWN
  // Not enumerable: comparing and copying settings must see only the function that returns the text.
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
 * Settings for a client library, which needs the secrets as strings. The properties hold the text, also in copies; `util.inspect`
 * and JSON show `[secret]`.
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
