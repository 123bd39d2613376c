// The target `api` of a package, run in its folder: one report for each public entry, made of the declarations of the build.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'
import { at, readJson } from '../services/root.mjs'
import { entriesOf, EXTRACTED } from './entries.mjs'

const SILENT = { default: { logLevel: 'none' } }

const folder = process.cwd()
const target = join(folder, EXTRACTED)
rmSync(target, { recursive: true, force: true })
mkdirSync(target, { recursive: true })
for (const { file, types } of entriesOf(readJson(join(folder, 'package.json'))))
  writeFileSync(join(target, file), extract(join(folder, types)))

/** The report of a declaration file, as Markdown. */
function extract(declarations) {
  const written = at('.cache', 'api', String(process.pid))
  mkdirSync(written, { recursive: true })
  try {
    const config = ExtractorConfig.prepare({
      configObjectFullPath: undefined,
      packageJsonFullPath: join(folder, 'package.json'),
      configObject: {
        projectFolder: folder,
        mainEntryPointFilePath: declarations,
        newlineKind: 'lf',
        compiler: { overrideTsconfig: { compilerOptions: compilerOptions(), files: [declarations] } },
        apiReport: {
          enabled: true,
          reportFolder: written,
          reportTempFolder: join(written, 'compared'),
          reportFileName: 'report',
          includeForgottenExports: true, // a change of a type that is public only by being used is a change as well
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: {
          compilerMessageReporting: SILENT,
          extractorMessageReporting: SILENT,
          tsdocMessageReporting: SILENT,
        },
      },
    })
    Extractor.invoke(config, { localBuild: true, messageCallback: (message) => (message.handled = true) })
    return withoutRemarks(readFileSync(join(written, 'report.api.md'), 'utf8'))
  } finally {
    rmSync(written, { recursive: true, force: true })
  }
}

function compilerOptions() {
  return {
    target: 'es2023',
    lib: ['es2023', 'dom'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [at('node_modules', '@types')],
  }
}

/** Without the remarks about comments: a report changes where types do. */
function withoutRemarks(report) {
  return report
    .replace(/^ *\/\/ \(undocumented\)\n/gm, '')
    .replace(/ \/\/ \(undocumented\)\n\s*/g, ' ')
    .replaceAll(' (undocumented)', '')
}
