/** The files that pages load, carried inside the program and served under names that change with their content. */
import { gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import htmx from 'htmx.org/dist/htmx.min.js' with { type: 'text' }
import { type Bytes, utf8 } from '../base/mod.ts'
import { createSha256 } from '../crypto/mod.ts'
import app from './assets/app.js' with { type: 'text' }
import flow from './assets/flow.css' with { type: 'text' }
import forms from './assets/forms.css' with { type: 'text' }
import frame from './assets/frame.css' with { type: 'text' }
import icon from './assets/icon.svg' with { type: 'text' }
import parts from './assets/parts.css' with { type: 'text' }
import small from './assets/small.css' with { type: 'text' }
import tokens from './assets/tokens.css' with { type: 'text' }
import { PageNotFound } from './errors.ts'

export type AssetName = 'sluice.css' | 'app.js' | 'htmx.js' | 'icon.svg'

type Asset = { file: string; type: string; bytes: Bytes; gzipped?: Bytes }

const ASSETS: Record<AssetName, Asset> = {
  'sluice.css': asset(
    'sluice',
    'css',
    'text/css; charset=utf-8',
    [tokens, frame, parts, flow, forms, small].join('\n'),
  ),
  'app.js': asset('app', 'js', 'text/javascript; charset=utf-8', app),
  'htmx.js': asset('htmx', 'js', 'text/javascript; charset=utf-8', htmx),
  'icon.svg': asset('icon', 'svg', 'image/svg+xml', icon),
}

const BY_FILE = new Map(Object.values(ASSETS).map((entry) => [entry.file, entry]))

/** The address of an asset, with the hash of its content in the name. */
export function assetUrl(name: AssetName): string {
  return `/assets/${ASSETS[name].file}`
}

/** Serves `/assets/…`, to be kept forever by browsers, gzipped where they take it. Unknown names: `page.not_found`. */
export function assetRoutes(): Hono {
  return new Hono().get('/assets/:file', (c) => {
    const found = BY_FILE.get(c.req.param('file'))
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
