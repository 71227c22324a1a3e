/** Tar archives as npm makes them, and as nobody should: each entry says what stands in its header. */
import { gzipSync } from 'node:zlib'
import { type Bytes, concatBytes, utf8 } from '../../../src/base/mod.ts'

export type TarEntry = {
  path: string
  content?: string | Uint8Array
  /** Default '0', a file. */
  type?: string
  linkName?: string
  /** Default: the content's length. */
  size?: number | string
  prefix?: string
  checksum?: number
}

const BLOCK = 512

export function tarOf(entries: readonly TarEntry[], end: Uint8Array = new Uint8Array(2 * BLOCK)): Bytes {
  return concatBytes(...entries.map(entryOf), new Uint8Array(end))
}

export function tarball(entries: readonly TarEntry[], end?: Uint8Array): Bytes {
  return new Uint8Array(gzipSync(tarOf(entries, end)))
}

/** A package with a manifest and an entry, as `npm pack` makes it. */
export function npmTarball(manifest: Record<string, unknown> = {}, more: readonly TarEntry[] = []): Bytes {
  const about = { name: 'left-pad', version: '1.3.0', main: 'index.js', ...manifest }
  return tarball([
    { path: 'package/package.json', content: JSON.stringify(about) },
    { path: 'package/index.js', content: 'export const pad = (text) => text\n' },
    ...more,
  ])
}

/** One record of a pax header: its length counts itself. */
export function pax(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  const bytes = utf8(rest).byteLength
  const digits = String(bytes + String(bytes).length).length
  return `${bytes + digits}${rest}`
}

function entryOf(entry: TarEntry): Bytes {
  const content = typeof entry.content === 'string' ? utf8(entry.content) : (entry.content ?? new Uint8Array())
  const header = new Uint8Array(BLOCK)
  const put = (at: number, text: string): void => header.set(utf8(text), at)
  const size = entry.size ?? content.byteLength
  put(0, entry.path)
  put(100, '0000644\0')
  put(108, '0000000\0')
  put(116, '0000000\0')
  put(124, typeof size === 'string' ? size : `${size.toString(8).padStart(11, '0')}\0`)
  put(136, '00000000000\0')
  put(148, '        ')
  put(156, entry.type ?? '0')
  put(157, entry.linkName ?? '')
  put(257, 'ustar\x0000')
  put(345, entry.prefix ?? '')
  const sum = header.reduce((total, byte) => total + byte, 0)
  put(148, `${(entry.checksum ?? sum).toString(8).padStart(6, '0')}\0 `)
  const padding = (BLOCK - (content.byteLength % BLOCK)) % BLOCK
  return concatBytes(header, new Uint8Array(content), new Uint8Array(padding))
}
