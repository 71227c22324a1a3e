/**
 * Makes libSQL's native addon part of a compiled binary. Its loader picks the addon by a require that is made up at run time,
 * which no bundler can follow; here the whole loader function gives way to a require of the one addon of the target.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { AppError } from '../src/base/mod.ts'

/** The package has another loader than the one this plugin was written for. */
export class LoaderChanged extends AppError {
  override readonly code = 'build.loader_changed' as const
  override readonly kind = 'internal' as const
  override readonly advice =
    'Compare the loader of node_modules/libsql with scripts/libsql-plugin.ts, and adapt the latter.'
}

const REQUIRES = `const { load, currentTarget } = require("@neon-rs/load");
const { familySync, GLIBC, MUSL } = require("detect-libc");
`

/** The loader's text as it was when this was written; `indent` is the one place in which the package's two files differ. */
function loaderText(indent: string): string {
  return `function requireNative() {
  if (process.env.LIBSQL_JS_DEV) {
    return load(__dirname)
  }
  let target = currentTarget();
  // Workaround for Bun, which reports a musl target, but really wants glibc...
  if (familySync() == GLIBC) {
    switch (target) {
      case "linux-x64-musl":
        target = "linux-x64-gnu";
        break;
      case "linux-arm64-musl":
        target = "linux-arm64-gnu";
        break;
${indent}}
  }
  // @neon-rs/load doesn't detect arm musl
  if (target === "linux-arm-gnueabihf" && familySync() == MUSL) {
      target = "linux-arm-musleabihf";
  }
  return require(\`@libsql/\${target}\`);
}
`
}

const STATIC_REQUIRES = `// Static requires for bundlers.
if (0) {
  require("./.targets");
}
`

/**
 * The text of `index.js` or `promise.js` of the package libsql with its loader bound to `addon`, such as `linux-x64-gnu`.
 * Refuses any text that it does not know with `build.loader_changed`.
 */
export function bindLibsqlLoader(file: string, source: string, addon: string): string {
  // Replacing less than the whole function would let the bundler inline `__dirname`, and with it the path of this checkout.
  const indent = file === 'promise.js' ? '      ' : '    '
  const withoutRequires = replaceOnce(file, source, REQUIRES, '')
  const bound = replaceOnce(
    file,
    withoutRequires,
    loaderText(indent),
    `function requireNative() {\n  return require("@libsql/${addon}");\n}\n`,
  )
  const done = file === 'promise.js' ? replaceOnce(file, bound, STATIC_REQUIRES, '') : bound
  if (/__dirname|currentTarget|familySync/.test(done))
    throw new LoaderChanged(`libsql/${file} still looks for its addon`)
  return done
}

function replaceOnce(file: string, source: string, known: string, replacement: string): string {
  // From the beginning of a line on: something before it on that line would be something else.
  const parts = `\n${source}`.split(`\n${known}`)
  if (parts.length !== 2) throw new LoaderChanged(`libsql/${file} is not the text that this build knows`)
  return parts.join(`\n${replacement}`).slice(1)
}

/** The plugin for `Bun.build`. */
export function libsqlPlugin(addon: string): Bun.BunPlugin {
  return {
    name: 'libsql-addon',
    setup(build) {
      build.onLoad({ filter: /node_modules\/libsql\/(index|promise)\.js$/ }, ({ path }) => {
        return { contents: bindLibsqlLoader(basename(path), readFileSync(path, 'utf8'), addon), loader: 'js' }
      })
    },
  }
}
