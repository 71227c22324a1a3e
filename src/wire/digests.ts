/** The manifest of an assignment: the SHA-256 of everything in it, so that a mismatch can name its item. */
import { type Bytes, canonicalJson, utf8 } from '../base/mod.ts'
import { sha256Hex } from '../crypto/mod.ts'
import type { Assignment, CodeReference, Manifest } from './deployment.ts'
import { ManifestMismatch } from './errors.ts'

/** SHA-256, hex, of the JCS form (RFC 8785) of a JSON value. */
export function digestOfJson(value: unknown): Promise<string> {
  return sha256Hex(utf8(canonicalJson(value)))
}

/** Lists the SHA-256 of the assignment, of each component's configuration, and each code file once. */
export async function manifestOf(assignment: Assignment): Promise<Manifest> {
  const components: Record<string, string> = {}
  for (const component of assignment.components) components[component.name] = await digestOfJson(component.config)
  return { assignment: await digestOfJson(assignment), components, code: codeOfAssignment(assignment) }
}

/**
 * Holds an assignment, and the code that is there, to a manifest. Throws `manifest.mismatch`, naming the first item that differs:
 * `component <name>`, `code <sha256>`, else `assignment`.
 */
export async function checkManifest(
  assignment: Assignment,
  manifest: Manifest,
  code: ReadonlyMap<string, Bytes> = new Map(),
): Promise<void> {
  const found = await manifestOf(assignment)
  for (const name of new Set([...Object.keys(found.components), ...Object.keys(manifest.components)]))
    if (found.components[name] !== manifest.components[name]) throw new ManifestMismatch(`component ${name}`)
  const listed = new Map(manifest.code.map((file) => [file.sha256, file.bytes]))
  for (const file of found.code) {
    if (listed.get(file.sha256) !== file.bytes) throw new ManifestMismatch(`code ${file.sha256}`)
    listed.delete(file.sha256)
  }
  for (const sha256 of listed.keys()) throw new ManifestMismatch(`code ${sha256}`)
  for (const [sha256, content] of code)
    if ((await sha256Hex(content)) !== sha256) throw new ManifestMismatch(`code ${sha256}`)
  if (found.assignment !== manifest.assignment) throw new ManifestMismatch('assignment')
}

function codeOfAssignment(assignment: Assignment): CodeReference[] {
  const files = new Map<string, CodeReference>()
  for (const { code } of assignment.components) if (code) files.set(code.sha256, code)
  return [...files.values()].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
}
