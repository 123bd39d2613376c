import type { ClientSettings, Driver, DriverAdmin } from './driver.ts'

/** Calls `ask` with an admin that has a connection of its own, and closes the admin afterwards. */
export async function withAdmin<T>(
  { driver, client }: { readonly driver: Driver; readonly client: ClientSettings },
  ask: (admin: DriverAdmin) => Promise<T>,
): Promise<T> {
  const admin = await driver.client(client).admin()
  try {
    return await ask(admin)
  } finally {
    await admin.close()
  }
}
