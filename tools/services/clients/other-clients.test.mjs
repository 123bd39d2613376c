import { expect, test } from 'vitest'
import { missingClients } from './other-clients.mjs'

test('a machine without programs has no clients, and is told what they need', async () => {
  const { PATH, JAVA_HOME } = process.env
  try {
    process.env.PATH = ''
    delete process.env.JAVA_HOME
    expect(await missingClients()).toEqual({
      java: 'a JDK of version 17 or newer',
      python: 'Python 3.9 or newer with venv',
    })
  } finally {
    process.env.PATH = PATH
    if (JAVA_HOME !== undefined) process.env.JAVA_HOME = JAVA_HOME
  }
})
