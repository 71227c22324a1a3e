/** The key that wraps all others: where it may come from, and what is refused. */
import { execFile } from 'node:child_process'
import { link, rm, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { type Bytes, base64url, fromBase64url, type Random, systemRandom } from '../base/mod.ts'
import { importWrappingKey, type WrappingKey } from '../crypto/mod.ts'
import { readTextIfThere, writeFileAtomic } from '../host/mod.ts'
import {
  MasterKeyCommandFailed,
  MasterKeyExists,
  MasterKeyMalformed,
  MasterKeyMissing,
  MasterKeyPermissions,
} from './errors.ts'

/**
 * - `file`: one line, only its owner may read it · `value`: the text itself, from an environment variable
 * - `command`: what a program prints, so that a key management service fits · `systemd`: a credential that systemd provides
 */
export type MasterKeySource =
  | { kind: 'file'; path: string }
  | { kind: 'value'; value: string }
  | { kind: 'command'; command: readonly string[] }
  | { kind: 'systemd'; path: string }

const KEY_BYTES = 32
/** A key service across a slow network answers within this. */
const COMMAND_TIMEOUT_MS = 30_000
/** 43 characters and a line end are wanted; more is some error text. */
const COMMAND_OUTPUT_BYTES_MAX = 4_096
/** Rights of group and others. */
const MODE_OF_OTHERS = 0o077

/**
 * The master key as a non-extractable key.
 * Refuses `master_key.missing`, `master_key.malformed`, `master_key.permissions` (a file that others may read),
 * `master_key.command_failed`.
 */
export async function loadMasterKey(source: MasterKeySource): Promise<WrappingKey> {
  const bytes = decode(await textOf(source))
  try {
    return await importWrappingKey(bytes)
  } finally {
    bytes.fill(0)
  }
}

/**
 * Writes a new random master key to `path`, or the one of `text`, mode 0600. Never replaces one: `master_key.exists`. Refuses a text
 * that is none: `master_key.malformed`.
 */
export async function createMasterKeyFile(path: string, random: Random = systemRandom, text?: string): Promise<void> {
  const bytes = text === undefined ? random(KEY_BYTES) : decode(text)
  const beside = `${path}.new`
  try {
    await writeFileAtomic(beside, `${base64url(bytes)}\n`)
    // A link, unlike a rename, fails when the name is taken: of two that start at once, one wins and nothing is overwritten.
    await link(beside, path)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') {
      throw new MasterKeyExists(`there is a master key at ${path}`, { cause })
    }
    throw cause
  } finally {
    bytes.fill(0)
    await rm(beside, { force: true })
  }
}

async function textOf(source: MasterKeySource): Promise<string> {
  switch (source.kind) {
    case 'value':
      return source.value
    case 'command':
      return outputOf(source.command)
    case 'file':
      await refuseReadableByOthers(source.path)
      return textOfFile(source.path)
    // systemd mounts credentials for the unit's user alone; its mode is systemd's own affair.
    case 'systemd':
      return textOfFile(source.path)
  }
}

async function textOfFile(path: string): Promise<string> {
  const text = await readTextIfThere(path)
  if (text === undefined) throw new MasterKeyMissing(`there is no master key at ${path}`)
  return text
}

async function refuseReadableByOthers(path: string): Promise<void> {
  // A file that is not there is named by whoever reads it.
  const found = await stat(path).catch(() => undefined)
  if (found && (found.mode & MODE_OF_OTHERS) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0')
    throw new MasterKeyPermissions(`the master key at ${path} has mode ${mode}: others may read it`)
  }
}

async function outputOf(command: readonly string[]): Promise<string> {
  const [program, ...args] = command
  if (program === undefined) throw new MasterKeyMissing('the command that prints the master key is empty')
  const bounds = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: COMMAND_OUTPUT_BYTES_MAX, encoding: 'utf8' as const }
  try {
    return (await promisify(execFile)(program, args, bounds)).stdout
  } catch (thrown) {
    // The thrown error holds what the program printed, possibly the key: it is no cause of ours.
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
    throw new MasterKeyCommandFailed(`${program} did not print the master key (${code})`)
  }
}

function decode(text: string): Bytes {
  const line = text.trim()
  if (line === '') throw new MasterKeyMissing('the master key is empty')
  const bytes = decodeLine(line)
  if (bytes?.byteLength !== KEY_BYTES) throw new MasterKeyMalformed('the master key is not 32 bytes in base64url')
  return bytes
}

function decodeLine(line: string): Bytes | undefined {
  try {
    return fromBase64url(line)
  } catch {
    // The decoder's error would be a cause that someone prints; it is enough to know that it failed.
    return undefined
  }
}
