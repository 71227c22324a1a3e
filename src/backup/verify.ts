/** Whether a backup is whole and opens by what the owner has, without restoring it anywhere. */
import { type BackupHeader, type BackupOpener, withHead } from './sealing.ts'
import { type BackupExpected, unpackBackup } from './unpack.ts'

export type VerifiedBackup = {
  role: BackupHeader['role']
  name: string
  madeAt: string
  version: string
  files: number
  bytes: number
  /** Id of the key that signed it; whose that is, it cannot say. */
  maker: string
}

/** Reads all of it: every byte is authenticated. Refuses what `unpackBackup` refuses. */
export async function verifyBackup(
  source: AsyncIterable<Uint8Array>,
  expected: BackupExpected,
): Promise<VerifiedBackup> {
  let bytes = 0
  const { header, manifest, maker } = await unpackBackup(source, expected, async ({ content }) => {
    for await (const part of content) bytes += part.byteLength
  })
  const { role, madeAt, version } = header
  return { role, madeAt, version, name: manifest.name, files: manifest.entries.length, bytes, maker }
}

/** What a backup says of itself before it is opened: unproven, good for asking the right question. */
export async function describeBackup(
  source: AsyncIterable<Uint8Array>,
): Promise<{ role: BackupHeader['role']; madeAt: string; version: string; openedBy: BackupOpener['kind'] }> {
  return withHead(source, async ({ header: { role, madeAt, version, sealing } }) => {
    return { role, madeAt, version, openedBy: sealing.kind }
  })
}
