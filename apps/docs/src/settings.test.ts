import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { kafkajs } from '@snapstream/kafka'
import type { Driver } from '@snapstream/kafka/driver'
import { memory } from '@snapstream/kafka/memory'
import { kafkats } from '@snapstream/kafkats'
import { describe, expect, test } from 'vitest'
import { portName } from '@snapstream/kafka/src/conf/resolve-settings.ts'
import { SETTINGS } from '@snapstream/kafka/src/conf/setting-table.ts'
import { DEFAULTS } from '@snapstream/kafka/src/conf/settings.ts'
import { root } from './documents.ts'

const SOURCE = 'packages/kafka/src/conf/kafka-conf.ts'
const DOCUMENT = 'docs/settings.md'
const names = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]
const drivers: readonly Driver[] = [kafkajs(), kafkats(), memory()]

/** The purpose and the default of each setting, from the comments of the types. */
const said = new Map<string, { purpose: string; byDefault: string }>()
for (const [, comment = '', name = ''] of readFileSync(join(root, SOURCE), 'utf8').matchAll(
  /\/\*\*((?:(?!\*\/)[^])*)\*\/\s+readonly (\w+)\?:/g,
)) {
  const [purpose = '', byDefault = ''] = comment.replaceAll(/\s*\n\s*\*?\s*/g, ' ').split('@default')
  said.set(name, { purpose: purpose.trim().replace(/\.$/, ''), byDefault: byDefault.trim() })
}

function usedBy(name: string): string {
  const using = drivers.filter(({ supports }) => !supports.ignoredSettings.includes(portName(name)))
  return using.length === drivers.length ? 'all' : using.map((driver) => driver.name).join(', ')
}

const code = (text: string) => `\`${text}\``
const expected = names.map((name) => {
  const { aliases, oldNames = [], expected: takes } = SETTINGS[name]
  const others = [
    ...aliases.filter((alias) => alias !== name).map((alias) => code(alias)),
    ...oldNames.map((old) => `${code(old)} (old)`),
  ]
  const { purpose = '', byDefault = '' } = said.get(name) ?? {}
  return [code(name), others.join(', '), takes, byDefault, purpose, usedBy(name)]
})

/** The rows of the tables in formatted Markdown. */
function rowsOf(document: string): string[][] {
  return document
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}

describe('docs/settings.md', () => {
  test('has every setting, as the code has it', () => {
    expect(rowsOf(readFileSync(join(root, DOCUMENT), 'utf8'))).toEqual(expected)
  })
})

describe('the types of settings', () => {
  test.each(names)('says what %s is for', (name) => expect(said.get(name)?.purpose).toBeTruthy())

  test.each(Object.entries(DEFAULTS))('says the default of %s', (name, value) => {
    const written = name === 'acks' ? "'all'" : typeof value === 'string' ? `'${value}'` : String(value)
    expect(said.get(name)?.byDefault.split(',')[0]).toBe(written)
  })
})
