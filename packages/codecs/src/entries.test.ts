import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const loadedBy = (entry: string) => {
  const url = new URL(entry, import.meta.url).href
  const script = `import { createRequire } from 'node:module'
await import(${JSON.stringify(url)})
console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)))`
  const args = ['--conditions=@snapstream/source', '--import=tsx', '--input-type=module', '-e', script]
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  return (JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', cwd })) as string[]).join('\n')
}

test('each codec loads the library that it needs and no other', () => {
  expect([loadedBy('json/index.ts').includes('/avsc/'), loadedBy('json/index.ts').includes('/ajv/')]).toEqual([
    false,
    true,
  ])
  expect([loadedBy('avro/index.ts').includes('/avsc/'), loadedBy('avro/index.ts').includes('/ajv/')]).toEqual([
    true,
    false,
  ])
})
