/**
 * Writes those papers of `docs/` that are made from the code: the command, settings, components, errors, limits, benches.
 *   bun scripts/docs.ts            writes them
 *   bun scripts/docs.ts --check    exits 1 if one differs from what the code says
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { benchesPage } from './docs/benches.ts'
import { cliPage } from './docs/cli.ts'
import { componentsPage } from './docs/components.ts'
import { credentialsPage } from './docs/credentials.ts'
import { errorsPage } from './docs/errors.ts'
import { limitsPage } from './docs/limits/page.ts'
import { policyPage } from './docs/policy.ts'
import { settingsPage } from './docs/settings.ts'
import { readSources } from './source-files.ts'

const root = join(import.meta.dirname, '..')

/** Every generated paper: path from the root of the tree → its text. */
export async function generatedPapers(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/benches.md', benchesPage(readSources(root, 'scripts/bench'))],
    ['docs/cli.md', await cliPage()],
    ['docs/components.md', componentsPage()],
    ['docs/credentials.md', credentialsPage()],
    ['docs/errors.md', errorsPage(readSources(root, 'src'))],
    ['docs/limits.md', limitsPage()],
    ['docs/policy.md', policyPage()],
    ['docs/settings.md', settingsPage()],
  ])
}

/** The papers that are not on the disk as the code would have them. */
function outdated(papers: ReadonlyMap<string, string>): string[] {
  return [...papers]
    .filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text)
    .map(([path]) => path)
}

if (import.meta.main) {
  const papers = await generatedPapers()
  const paths = outdated(papers)
  if (process.argv.includes('--check')) {
    for (const path of paths) console.error(`${path} is not what the code says`)
    console.log(paths.length === 0 ? 'the generated papers are current' : 'run: bun scripts/docs.ts')
    process.exit(paths.length === 0 ? 0 : 1)
  }
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), papers.get(path) ?? '')
    console.log(`wrote ${path}`)
  }
}
