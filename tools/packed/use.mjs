import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { at } from '../services/root.mjs'
import { run } from '../services/process/run.mjs'

const LOADERS = {
  import: { file: 'by-import.mjs', text: `import run from './program.mjs'\nawait run((name) => import(name))\n` },
  require: {
    file: 'by-require.cjs',
    text: `import('./program.mjs').then(({ default: run }) => run(require)).catch((error) => {\n  console.error(error)\n  process.exitCode = 1\n})\n`,
  },
}

/** Runs one of the programs in the folder, with the packages loaded by `import` or by `require`. */
export async function use(folder, program, how) {
  copyFileSync(at('tools', 'packed', 'programs', `${program}.mjs`), join(folder, 'program.mjs'))
  const { file, text } = LOADERS[how]
  writeFileSync(join(folder, file), text)
  const { code, output } = await run(process.execPath, [file], { cwd: folder, capture: true, timeoutMs: 60_000 })
  return { ok: code === 0, output: code === 0 ? '' : `exit code ${code}\n${output}` }
}

/** Compiles usage.ts in the folder with a version of TypeScript: strict, and with the declarations of the packages. */
export async function compile(folder, typescript) {
  copyFileSync(at('tools', 'packed', 'usage.ts'), join(folder, 'usage.mts'))
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    target: 'es2022',
    lib: ['es2023'],
    module: 'nodenext',
    types: ['node'],
    skipLibCheck: false,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['usage.mts'] }))
  const tsc = at('node_modules', typescript, 'bin', 'tsc')
  const { code, output } = await run(process.execPath, [tsc, '-p', folder], { cwd: folder, capture: true })
  return { ok: code === 0, output }
}
