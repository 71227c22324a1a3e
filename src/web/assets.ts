/** The files that pages load, carried inside the program and served under names that change with their content. */
import { gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { type Bytes, utf8 } from '../base/mod.ts'
import { createSha256 } from '../crypto/mod.ts'
import { PageNotFound } from './errors.ts'
import { assetTexts } from './on-demand.cts'

export type AssetName = 'sluice.css' | 'app.js' | 'htmx.js' | 'icon.svg' | 'uplot.css' | 'uplot.js' | 'charts.js'

type Asset = { file: string; type: string; bytes: Bytes; gzipped?: Bytes }
type Assets = { byName: Record<AssetName, Asset>; byFile: ReadonlyMap<string, Asset> }

const JAVASCRIPT = 'text/javascript; charset=utf-8'
const CSS = 'text/css; charset=utf-8'

let made: Assets | undefined

/** Made at the first page and kept: most Runtimes are looked at seldom. */
function assets(): Assets {
  made ??= makeAssets()
  return made
}

function makeAssets(): Assets {
  const texts = assetTexts()
  const byName: Record<AssetName, Asset> = {
    'sluice.css': asset('sluice', 'css', CSS, texts['sluice.css']),
    'app.js': asset('app', 'js', JAVASCRIPT, texts['app.js']),
    'htmx.js': asset('htmx', 'js', JAVASCRIPT, texts['htmx.js']),
    'uplot.css': asset('uplot', 'css', CSS, texts['uplot.css']),
    'uplot.js': asset('uplot', 'js', JAVASCRIPT, texts['uplot.js']),
    'charts.js': asset('charts', 'js', JAVASCRIPT, texts['charts.js']),
    'icon.svg': asset('icon', 'svg', 'image/svg+xml', texts['icon.svg']),
  }
  return { byName, byFile: new Map(Object.values(byName).map((entry) => [entry.file, entry])) }
}

/** The address of an asset, with the hash of its content in the name. */
export function assetUrl(name: AssetName): string {
  return `/assets/${assets().byName[name].file}`
}

/** Serves `/assets/…`, to be kept forever by browsers, gzipped where they take it. Unknown names: `page.not_found`. */
export function assetRoutes(): Hono {
  return new Hono().get('/assets/:file', (c) => {
    const found = assets().byFile.get(c.req.param('file'))
    if (found === undefined) throw new PageNotFound('this file is not part of the program; reload the page')
    const gzip = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
    return new Response(gzip ? gzippedOf(found) : found.bytes, {
      headers: {
        'content-type': found.type,
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'Accept-Encoding',
        ...(gzip && { 'content-encoding': 'gzip' }),
      },
    })
  })
}

function asset(stem: string, ending: string, type: string, text: string): Asset {
  const bytes = utf8(text)
  const hash = createSha256()
  hash.update(bytes)
  return { file: `${stem}.${hash.digestHex().slice(0, 16)}.${ending}`, type, bytes }
}

/** Compressed at its first request and kept: a start pays nothing. */
function gzippedOf(entry: Asset): Bytes {
  entry.gzipped ??= new Uint8Array(gzipSync(entry.bytes, { level: 9 }))
  return entry.gzipped
}
