/** Looks for marker strings in everything the Platform received and keeps: as they are, as base64, as hex, and inside gzip. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { hex, utf8 } from '../../base/mod.ts'

/** Bytes to look for, for one marker: itself, hex in both cases, and base64 at each of its three alignments in both alphabets. */
export function needlesOf(marker: string): Buffer[] {
  const bytes = Buffer.from(utf8(marker))
  const encoded = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    // The characters at both ends also depend on the neighbours; what lies between depends on the marker alone.
    const inner = text.replaceAll('=', '').slice(Math.ceil((shift * 4) / 3), -2)
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [
    bytes,
    Buffer.from(hex(bytes)),
    Buffer.from(hex(bytes).toUpperCase()),
    ...encoded.map((text) => Buffer.from(text)),
  ]
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 0x08])

/** Length of the gzip header at the start of these bytes (RFC 1952 §2.3): ten bytes, then what its flags announce. */
function headerLength(bytes: Buffer): number {
  const flags = bytes[3] ?? 0
  let at = 10
  if (flags & 4) at += 2 + bytes.readUInt16LE(at)
  for (const flag of [8, 16]) if (flags & flag) at = bytes.indexOf(0, at) + 1
  return flags & 2 ? at + 2 : at
}

/** The bytes, and whatever unpacks as gzip from any place in them. */
function* layersOf(bytes: Buffer): Generator<Buffer> {
  yield bytes
  for (let at = bytes.indexOf(GZIP_MAGIC); at >= 0; at = bytes.indexOf(GZIP_MAGIC, at + 1)) {
    try {
      const packed = bytes.subarray(at)
      // Deflate ends by itself; gunzip would refuse the bytes that follow.
      yield inflateRawSync(packed.subarray(headerLength(packed)), { maxOutputLength: 64 * 1_048_576 })
    } catch {
      // Three bytes that only look like a gzip header: nothing is hidden there.
    }
  }
}

/** Counts the places where any marker occurs in those bytes. */
export function countMarkers(bytes: Buffer, markers: readonly string[]): number {
  const needles = markers.flatMap(needlesOf)
  let found = 0
  for (const layer of layersOf(bytes)) {
    for (const needle of needles) {
      for (let at = layer.indexOf(needle); at >= 0; at = layer.indexOf(needle, at + needle.length)) found++
    }
  }
  return found
}

/** Everything below a folder, by its path. */
export function everythingBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
}

/** Searches every file below a folder: how many bytes were read, and how often each set of markers occurs. */
export function searchFolder(folder: string, markers: readonly string[], control: readonly string[]) {
  const result = { searchedBytes: 0, found: 0, controlFound: 0 }
  for (const path of everythingBelow(folder).filter((name) => statSync(name).isFile())) {
    const bytes = readFileSync(path)
    result.searchedBytes += bytes.byteLength
    result.found += countMarkers(bytes, markers)
    result.controlFound += countMarkers(bytes, control)
  }
  return result
}
