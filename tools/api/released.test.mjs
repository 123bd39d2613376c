import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../services/process/run.mjs'
import { undeclaredBreaks } from './released.mjs'

const report = (types) => `## API Report\n\n\`\`\`ts\n\n${types}\n\n\`\`\`\n`
const RELEASED = report(
  `export interface Order {\n  readonly id: string;\n  readonly total?: number;\n}\nexport function pay(order: Order): void;`,
)
const BROKEN = report(
  `export interface Order {\n  readonly id: 'a' | 'b';\n}\nexport function pay(order: Order): void;`,
)

let root
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'snapstream-released-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

async function git(...args) {
  const { code, output } = await run('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
    cwd: root,
    capture: true,
  })
  if (code !== 0) throw new Error(output)
}

function write(path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const declare = (bump) => write('.changeset/one.md', `---\n'@test/lib': ${bump}\n---\n\nA change.\n`)
const lib = (version) => ({
  short: 'lib',
  name: '@test/lib',
  folder: join(root, 'packages/lib'),
  manifest: { version },
})

/** A repository whose package was released, with a later report of its types and a changeset. */
async function released(version, later, bump) {
  await git('init', '-q')
  write('packages/lib/api/index.md', RELEASED)
  write('.changeset/README.md', 'Changesets')
  await git('add', '-A')
  await git('commit', '-q', '-m', 'release')
  if (version) await git('tag', `@test/lib@${version}`)
  write('packages/lib/api/index.md', later)
  if (bump) declare(bump)
}

describe('breaks of public types since the last release', () => {
  test('a break that is declared as a patch is refused, and the members are named', async () => {
    await released('1.2.3', BROKEN, 'patch')
    expect(await undeclaredBreaks(root, [lib('1.2.3')])).toEqual([
      "@test/lib: Order.id has lost readonly string and has readonly 'a' | 'b' since 1.2.3: that takes a changeset of major, got patch",
      '@test/lib: Order.total is removed since 1.2.3: that takes a changeset of major, got patch',
    ])
  })

  test('a break that is declared as a major is accepted, even after the release has used up the changeset', async () => {
    await released('1.2.3', BROKEN, 'major')
    expect(await undeclaredBreaks(root, [lib('1.2.3')])).toEqual([])
    rmSync(join(root, '.changeset/one.md'))
    expect(await undeclaredBreaks(root, [lib('2.0.0')])).toEqual([])
    expect(await undeclaredBreaks(root, [lib('1.3.0')])).toHaveLength(2)
  })

  test('before 1.0.0 a break needs a minor', async () => {
    await released('0.4.1', BROKEN, 'patch')
    expect((await undeclaredBreaks(root, [lib('0.4.1')]))[0]).toContain('takes a changeset of minor, got patch')
    declare('minor')
    expect(await undeclaredBreaks(root, [lib('0.4.1')])).toEqual([])
  })

  test('without a release nothing can break', async () => {
    await released(undefined, BROKEN, undefined)
    expect(await undeclaredBreaks(root, [lib('0.0.0')])).toEqual([])
  })

  test('a missing entry is a break', async () => {
    await released('1.0.0', RELEASED, undefined)
    rmSync(join(root, 'packages/lib/api/index.md'))
    expect((await undeclaredBreaks(root, [lib('1.0.0')]))[0]).toContain('the entry of index.md is removed since 1.0.0')
  })
})
