/** Where the command finds a server and what it shows there: URL, CA and token, from a file of mode 0600. */
import { stat } from 'node:fs/promises'
import * as v from 'valibot'
import { AppError } from '../base/mod.ts'
import { readText, readTextIfThere } from '../host/mod.ts'
import { defaultData, type Environment } from './config.ts'
import { UsageInvalid } from './exit.ts'

/** One server as the command knows it; a server writes this file as `access.json` into its data folder at first start. */
export const Access = v.object({
  /** Base of the API, without a slash at its end. */
  url: v.pipe(v.string(), v.startsWith('https://')),
  /** PEM of the CA to trust; absent: the system's own. */
  ca: v.optional(v.string()),
  token: v.optional(v.string()),
})
/** `ownAuthority`: the CA is the server's own, from its own file, and none that somebody named. */
export type Access = v.InferOutput<typeof Access> & { ownAuthority?: boolean }

/** The file is not there, not readable, or open to others. */
export class AccessMissing extends AppError {
  override readonly code = 'cli.access_missing' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice =
    'Give --at with the data folder of a server on this machine, or a URL with SLUICE_TOKEN (and --ca).'
}

async function readAccess(path: string): Promise<Access> {
  const { mode } = await stat(path).catch((cause) => {
    throw new AccessMissing(`there is no access file ${path}`, { cause })
  })
  if ((mode & 0o077) !== 0) throw new AccessMissing(`${path} can be read by others; set its mode to 0600`)
  try {
    return { ...v.parse(Access, JSON.parse(await readText(path))), ownAuthority: true }
  } catch (cause) {
    throw new AccessMissing(`${path} is not an access file`, { cause })
  }
}

/** Of a dataset, and not of a person: it opens nothing but uploads. */
export function isUploadToken(token: string): boolean {
  return token.startsWith('slu_')
}

export type AccessFlags = { at?: string | undefined; ca?: string | undefined }

/**
 * Resolves `--at` (or SLUICE_AT): a URL, a data folder, or an access file; without it the default data folder of a Runtime,
 * then of a Platform. SLUICE_TOKEN goes before the file's token. Refuses with `cli.access_missing`.
 */
export async function resolveAccess(flags: AccessFlags, environment: Environment, root: boolean): Promise<Access> {
  const at = flags.at ?? environment['SLUICE_AT']
  const token = environment['SLUICE_TOKEN']
  const found = at === undefined ? await defaultAccess(environment, root) : await accessAt(at, flags.ca)
  const access = { ...found, url: found.url.replace(/\/+$/, '') }
  return token ? { ...access, token } : access
}

async function accessAt(at: string, ca: string | undefined): Promise<Access> {
  if (at.startsWith('http://')) throw new UsageInvalid('--at takes an https URL; Sluice has no plain HTTP')
  if (at.startsWith('https://')) {
    if (!URL.canParse(at)) throw new UsageInvalid(`--at: \`${at}\` is not a URL`)
    return ca === undefined ? { url: at } : { url: at, ca: await readText(ca) }
  }
  if (ca !== undefined) throw new UsageInvalid('--ca goes with --at and a URL')
  return readAccess(at.endsWith('.json') ? at : `${at}/access.json`)
}

async function defaultAccess(environment: Environment, root: boolean): Promise<Access> {
  for (const role of ['runtime', 'platform'] as const) {
    const path = `${defaultData(role, environment, root)}/access.json`
    if ((await readTextIfThere(path).catch(() => undefined)) !== undefined) return readAccess(path)
  }
  throw new AccessMissing('no server is known on this machine')
}
