import { readFileSync } from 'node:fs'
import { at } from '../services/root.mjs'

/**
 * The first program of the README: the commands before it, the packages and tools that they install, its text and its
 * output.
 */
export function firstProgram() {
  const readme = readFileSync(at('README.md'), 'utf8')
  const block = (language) => {
    const found = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(readme)
    if (!found) throw new Error(`README.md has no block of ${language}`)
    return found[1]
  }
  const commands = block('sh').trimEnd().split('\n')
  const installs = commands.filter((line) => line.startsWith('npm install '))
  const namesOf = (lines) =>
    lines.flatMap((line) => line.split(' #')[0].split(' ').slice(2)).filter((word) => !word.startsWith('-'))
  return {
    commands,
    packages: namesOf(installs.filter((line) => !line.includes('--save-dev'))),
    tools: namesOf(installs.filter((line) => line.includes('--save-dev'))),
    program: block('ts'),
    printed: block('text'),
  }
}
