import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { packages } from '../lib/projects.mjs'
import { at } from '../services/root.mjs'

/**
 * The relative links of documents lead to files. npm makes addresses of those in a package's README by the folder of the
 * package; it gets links that begin with a slash wrong.
 */
export async function links() {
  const readmes = packages().map(({ short }) => `packages/${short}/README.md`)
  const atTop = readdirSync(at('.')).filter((file) => file.endsWith('.md'))
  const docs = readdirSync(at('docs'), { recursive: true })
    .map((file) => `docs/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.md'))
  const problems = [...atTop, ...readmes, ...docs].flatMap((document) =>
    brokenLinks(document, readFileSync(at(document), 'utf8')),
  )
  return { ok: problems.length === 0, output: problems.join('\n') }
}

/** A sentence for each link of a document, given with its path from the root, that leads nowhere. */
export function brokenLinks(document, markdown) {
  return linksOf(markdown)
    .filter((link) => link.startsWith('/') || !existsSync(join(at(dirname(document)), link.replace(/#.*$/, ''))))
    .map((link) => `${document}: the link ${link} leads nowhere; write it relative to the document`)
}

/** The links of a document that are neither addresses nor places in it. */
function linksOf(markdown) {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link).filter((link) => !/^(#|[a-z]+:)/i.test(link))
}
