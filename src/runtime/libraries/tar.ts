/**
 * Reads a tar archive as npm makes them (POSIX ustar and pax) from bytes that may be hostile: files and folders only, under relative
 * names that stay inside. Nothing is written to a disk.
 */
import { type Bytes, fromUtf8 } from '../../base/mod.ts'
import { LibraryMalformed, LibraryTooLarge } from './errors.ts'

/** Of one package: 4,096 files; a name with its folders has 256 characters in 16 levels. */
export const ENTRIES_MAX = 4_096
export const PATH_LENGTH_MAX = 256
const DEPTH_MAX = 16
/** A pax header holds a path and some times. */
const PAX_BYTES_MAX = 8_192
const BLOCK = 512

/** Path → content, in the order of the archive. */
export type TarFiles = ReadonlyMap<string, Bytes>

type Header = { path: string; size: number; type: string }

/** Every file by its path. Refuses `library.malformed` and `library.too_large`. */
export function readTar(archive: Bytes): TarFiles {
  const files = new Map<string, Bytes>()
  // Two names that differ in case or in their Unicode form alone are one file on some disks: which of them would be meant?
  const taken = new Map<string, 'file' | 'folder'>()
  let at = 0
  let paxPath: string | undefined
  for (let entries = 0; ; entries++) {
    if (entries > ENTRIES_MAX) throw new LibraryTooLarge(`the archive has more than ${ENTRIES_MAX} entries`)
    const header = headerAt(archive, at)
    if (header === 'end') break
    const from = at + BLOCK
    at = from + Math.ceil(header.size / BLOCK) * BLOCK
    if (at > archive.byteLength) throw new LibraryMalformed('the archive is cut off')
    const content = archive.subarray(from, from + header.size)
    if (header.type === 'x') paxPath = pathOfPax(content) ?? paxPath
    else if (header.type !== 'g') {
      const path = checkedPath(paxPath ?? header.path)
      paxPath = undefined
      if (header.type === '5') continue
      if (path === '') throw new LibraryMalformed('the archive holds a file beside the package’s folder')
      if (header.type !== '0')
        throw new LibraryMalformed('the archive holds a link, a device or something else that is no file')
      if (isTaken(path, taken)) throw new LibraryMalformed('the archive holds two files of one name')
      files.set(path, content)
    }
  }
  // What follows the end would be another archive to another reader.
  if (!isZeros(archive, at)) throw new LibraryMalformed('something follows the end of the archive')
  return files
}

/** Remembers the path and the folders above it; whether one of them was a file, or the path was anything, before. */
function isTaken(path: string, taken: Map<string, 'file' | 'folder'>): boolean {
  const segments = path.normalize('NFC').toLowerCase().split('/')
  const folders = segments.slice(1).map((_, at) => segments.slice(0, at + 1).join('/'))
  const folded = segments.join('/')
  if (taken.has(folded) || folders.some((folder) => taken.get(folder) === 'file')) return true
  for (const folder of folders) taken.set(folder, 'folder')
  taken.set(folded, 'file')
  return false
}

const ZEROS = Buffer.alloc(65_536)

/** By whole pieces: 32 MiB of zeros byte for byte would hold the loop up. */
function isZeros(archive: Bytes, from: number): boolean {
  for (let at = from; at < archive.byteLength; at += ZEROS.byteLength) {
    const piece = archive.subarray(at, at + ZEROS.byteLength)
    if (ZEROS.compare(piece, 0, piece.byteLength, 0, piece.byteLength) !== 0) return false
  }
  return true
}

/** POSIX.1-2017, pax, "ustar Interchange Format". */
function headerAt(archive: Bytes, at: number): Header | 'end' {
  const block = archive.subarray(at, at + BLOCK)
  if (block.byteLength < BLOCK) throw new LibraryMalformed('the archive is cut off')
  if (block.every((byte) => byte === 0)) return 'end'
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0)
  if (octal(block.subarray(148, 156)) !== sum) throw new LibraryMalformed('the archive is damaged: a checksum differs')
  const isUstar = textOf(block.subarray(257, 262)) === 'ustar'
  const prefix = isUstar ? textOf(block.subarray(345, 500)) : ''
  const name = textOf(block.subarray(0, 100))
  const type = String.fromCharCode(block[156] ?? 0).replace('\0', '0')
  return { path: prefix === '' ? name : `${prefix}/${name}`, size: octal(block.subarray(124, 136)), type }
}

/** Octal digits, then a space or a zero byte. GNU's base-256 form is for files far beyond our bounds. */
function octal(field: Bytes): number {
  const digits = /^ *([0-7]{1,11})[ \0]*$/.exec(String.fromCharCode(...field))?.[1]
  if (digits === undefined) throw new LibraryMalformed('the archive is damaged: a number does not read')
  return Number.parseInt(digits, 8)
}

function textOf(field: Bytes): string {
  const end = field.indexOf(0)
  try {
    return fromUtf8(end < 0 ? field : field.subarray(0, end))
  } catch {
    throw new LibraryMalformed('the archive holds a name that is no text')
  }
}

/** Records of `<length> <key>=<value>\n`; only the path matters, and one that changes sizes or makes links is refused. */
function pathOfPax(content: Bytes): string | undefined {
  if (content.byteLength > PAX_BYTES_MAX) throw new LibraryTooLarge('a header of the archive is too long')
  let path: string | undefined
  for (let at = 0; at < content.byteLength; ) {
    const digits = /^(\d{1,5}) /.exec(String.fromCharCode(...content.subarray(at, at + 6)))?.[1]
    const length = Number(digits ?? 0)
    if (digits === undefined || length <= digits.length + 2 || at + length > content.byteLength) {
      throw new LibraryMalformed('the archive is damaged: an extended header does not read')
    }
    const record = fromPax(content.subarray(at + digits.length + 1, at + length))
    if (record.key === 'path') path = record.value
    if (record.key === 'size' || record.key === 'linkpath' || record.key.startsWith('GNU.sparse')) {
      throw new LibraryMalformed(`the archive uses the extended header ${record.key}`)
    }
    at += length
  }
  return path
}

function fromPax(bytes: Bytes): { key: string; value: string } {
  const equals = bytes.indexOf(0x3d)
  if (equals < 1 || bytes.at(-1) !== 0x0a) {
    throw new LibraryMalformed('the archive is damaged: an extended header does not read')
  }
  return { key: textOf(bytes.subarray(0, equals)), value: textOf(bytes.subarray(equals + 1, -1)) }
}

/** The path without the package's own folder at its front, if it stays below it whatever reads it. */
function checkedPath(path: string): string {
  const segments = path.replace(/\/$/, '').split('/')
  const fits =
    path.length <= PATH_LENGTH_MAX &&
    segments.length <= DEPTH_MAX &&
    segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..') &&
    !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\:*?"<>|]/u.test(path)
  if (!fits) throw new LibraryMalformed('the archive holds a name that leads outside, or that cannot be a file’s')
  return segments.slice(1).join('/')
}
