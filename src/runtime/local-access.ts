/** `access.json`: how the command line of this machine reaches the Runtime. Readable by the Runtime's own user only (0600). */
import { join } from 'node:path'
import * as v from 'valibot'
import { utf8 } from '../base/mod.ts'
import { readTextIfThere, writeFileAtomic } from '../host/mod.ts'

export type LocalAccess = {
  /** Base of the API, without a slash at its end. */
  url: string
  /** PEM of the authority under which it is verified. */
  ca: string
  token: string
}

/** The token that the file holds, if there is one: others may have read it and go on using it over a restart. */
export async function keptToken(folder: string): Promise<string | undefined> {
  const text = await readTextIfThere(join(folder, 'access.json'))
  if (text === undefined) return undefined
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ token: v.string() })), text)
  return parsed.success ? parsed.output.token : undefined
}

/** Writes the file anew; whoever reads it sees the old one or the new one, whole. */
export async function writeLocalAccess(folder: string, access: LocalAccess): Promise<void> {
  await writeFileAtomic(join(folder, 'access.json'), utf8(`${JSON.stringify(access, null, 2)}\n`), 0o600)
}
