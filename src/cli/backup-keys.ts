/** What opens a backup, by the flags of a verb: exactly one of recovery key, passphrase and key, each from a file. */
import type { Command } from 'commander'
import type { BackupOpener } from '../backup/mod.ts'
import { type Bytes, fromBase64url } from '../base/mod.ts'
import { readText } from '../host/mod.ts'
import { UsageInvalid } from './exit.ts'

export type OpenerFlags = { recoveryKeyFile?: string; passphraseFile?: string; keyFile?: string }

const KEY_BYTES = 32

/** Flags of verbs that open a backup. */
export function addOpenerFlags(command: Command): Command {
  return command
    .option('--recovery-key-file <file>', 'file with the recovery key')
    .option('--passphrase-file <file>', 'file with the passphrase')
    .option('--key-file <file>', 'file with the key: 43 characters of base64url')
}

/** Reads the one that was given. Refuses none or several with `cli.usage`. */
export async function openerOf(flags: OpenerFlags): Promise<BackupOpener> {
  const { recoveryKeyFile, passphraseFile, keyFile } = flags
  const given = [recoveryKeyFile, passphraseFile, keyFile].filter((flag) => flag !== undefined)
  if (given.length !== 1) {
    throw new UsageInvalid('give one of --recovery-key-file, --passphrase-file and --key-file')
  }
  if (recoveryKeyFile !== undefined) return { kind: 'recovery', recoveryKey: (await readText(recoveryKeyFile)).trim() }
  if (passphraseFile !== undefined) return { kind: 'passphrase', passphrase: await lineOf(passphraseFile) }
  return { kind: 'key', key: await readKeyFile(keyFile ?? '') }
}

/** A passphrase as it stands in a file: its line end is not part of it. */
export async function lineOf(path: string): Promise<string> {
  return (await readText(path)).replace(/\r?\n$/, '')
}

/** 32 bytes in base64url. Refuses anything else with `cli.usage`, without a word of what it was. */
export async function readKeyFile(path: string): Promise<Bytes> {
  const key = decoded((await readText(path)).trim())
  if (key?.byteLength !== KEY_BYTES) {
    throw new UsageInvalid(`${path} is no key file: one line with 43 characters of base64url`)
  }
  return key
}

function decoded(text: string): Bytes | undefined {
  try {
    return fromBase64url(text)
  } catch {
    return undefined
  }
}
