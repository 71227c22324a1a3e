/** Whether the modules of a library parse: its entry, and what that imports of the library's own files, one after the other. */
import { posix } from 'node:path'
import { fromUtf8 } from '../../base/mod.ts'
import { type ModuleFault, moduleSyntax } from '../../host/mod.ts'
import type { TarFiles } from './tar.ts'

/** What is imported as `./a`, or as `./a.js` where the file is `a.ts`. */
const ENDINGS = ['', '.js', '.mjs', '.ts', '.mts', '/index.js', '/index.mjs', '/index.ts', '/index.mts']
const LANGUAGES: Readonly<Record<string, 'js' | 'ts'>> = {
  ...{ '.js': 'js', '.mjs': 'js', '.cjs': 'js' },
  ...{ '.ts': 'ts', '.mts': 'ts', '.cts': 'ts' },
}

/**
 * The first fault, with the file that it is in; `undefined` where all parse, and on hosts that cannot tell. Files that nothing imports
 * may be anything. What is not found is for whoever bundles it to say.
 */
export function faultIn(files: TarFiles, entry: string): (ModuleFault & { path: string }) | undefined {
  const seen = new Set([entry])
  for (const path of seen) {
    const content = files.get(path)
    const language = LANGUAGES[posix.extname(path)]
    if (!content || !language) continue
    const text = textOf(content)
    const syntax = text === undefined ? { fault: NO_TEXT } : moduleSyntax(text, language)
    if (!syntax) return undefined
    if ('fault' in syntax) return { path, ...syntax.fault }
    for (const imported of syntax.imports) {
      const found = imported.startsWith('.') && resolved(posix.join(posix.dirname(path), imported), files)
      if (found) seen.add(found)
    }
  }
  return undefined
}

const NO_TEXT: ModuleFault = { line: 1, column: 1, message: 'it is not text in UTF-8' }

function resolved(path: string, files: TarFiles): string | undefined {
  const sources = [path, path.replace(/\.(m?)js$/, '.$1ts')]
  return sources.flatMap((one) => ENDINGS.map((ending) => one + ending)).find((candidate) => files.has(candidate))
}

function textOf(content: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    return fromUtf8(content)
  } catch {
    return undefined
  }
}
