import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { peerVersions } from './peer-versions.ts'

test('the Go module requires the version that results name', async () => {
  const module = await readFile(new URL('../programs/franz-go/go.mod', import.meta.url), 'utf8')
  expect(module).toContain(`\tgithub.com/twmb/franz-go v${peerVersions['franz-go']}\n`)
})
