import { resolveSettings } from '../conf/resolve-settings.ts'
import type { Settings } from '../conf/settings.ts'
import { closed } from '../driver/driver-error.ts'
import type { DriverAdmin } from '../driver/driver.ts'

export interface LazyAdmin {
  /** Connects if that has not been done, and asks. Rejects with `NOT_OPEN` after `close`. */
  ask<T>(question: (admin: DriverAdmin) => Promise<T>): Promise<T>
  /** Waits for what was asked. Never rejects because of an answer. */
  close(): Promise<void>
}

/** A connection that is made when something is asked, with the settings of that moment. */
export function lazyAdmin(own: Settings): LazyAdmin {
  const asked = new Set<Promise<unknown>>()
  let connecting: Promise<DriverAdmin> | undefined
  let ended: Promise<void> | undefined

  async function connect(): Promise<DriverAdmin> {
    const { driver, client } = resolveSettings(own)
    return driver.client(client).admin()
  }

  async function connected(): Promise<DriverAdmin> {
    const mine = (connecting ??= connect())
    try {
      return await mine
    } catch (error) {
      // Who asks next tries anew.
      if (connecting === mine) connecting = undefined
      throw error
    }
  }

  async function end(): Promise<void> {
    await Promise.allSettled(asked)
    const admin = await connecting?.catch(() => undefined)
    await admin?.close()
  }

  return {
    async ask(question) {
      if (ended !== undefined) throw closed('admin')
      const answer = connected().then(question)
      asked.add(answer)
      try {
        return await answer
      } finally {
        asked.delete(answer)
      }
    },
    close: () => (ended ??= end()),
  }
}
