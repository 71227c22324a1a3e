/** `access.json`: how the command of this machine reaches a tenant. Readable by the Platform's own user only (0600). */
import { join } from 'node:path'
import * as v from 'valibot'
import { type Accounts, API_TOKEN_LIFETIME_MAX_MS } from '../accounts/mod.ts'
import type { Clock } from '../base/mod.ts'
import { readTextIfThere, writeFileAtomic } from '../host/mod.ts'

type Place = { url: string; ca: string }
type Tokens = Pick<Accounts, 'createApiToken' | 'listApiTokens' | 'revokeApiToken'>
/** A tenant as the access file needs it: where it is reached, and its tokens. */
export type Door = { url: string; accounts: Tokens }

/** How often the file is looked at while the Platform runs, milliseconds: a token has half a year left when it is first renewed. */
export const ACCESS_RENEWAL_MS = 86_400_000

const TOKEN_NAME = 'the command on this machine'
const Access = v.object({ url: v.string(), ca: v.string(), token: v.string() })

/** Writes the file with a token that speaks for the owner; a file that is there already belongs to an earlier tenant and stays. */
export async function writeLocalAccess(
  folder: string,
  place: Place,
  deps: { accounts: Tokens; owner: string; clock: Clock },
): Promise<void> {
  const path = join(folder, 'access.json')
  if ((await readTextIfThere(path)) !== undefined) return
  await write(path, { ...place, token: await newToken(deps.accounts, deps.owner, deps.clock) })
}

/**
 * Brings the file up to this start: name or port may have changed, and a token in the second half of its life, or past it, gets a
 * successor for the same user. A token that was revoked stays so: whoever did that wanted no command here.
 */
export async function refreshLocalAccess(
  folder: string,
  given: { doors: readonly Door[]; ca: string; clock: Clock },
): Promise<void> {
  const path = join(folder, 'access.json')
  const kept = accessOf(await readTextIfThere(path))
  const door = kept && given.doors.find(({ url }) => pathOf(url) === pathOf(kept.url))
  if (!kept || !door) return
  const { url, accounts } = door
  const old = (await accounts.listApiTokens()).find(({ id, name }) => name === TOKEN_NAME && kept.token.startsWith(id))
  const isYoung = !old || old.expiresAt - given.clock.now() > API_TOKEN_LIFETIME_MAX_MS / 2
  const token = isYoung ? kept.token : await newToken(accounts, old.user, given.clock)
  if (url !== kept.url || given.ca !== kept.ca || token !== kept.token) await write(path, { url, ca: given.ca, token })
  // Only once the file has the new one: a crash in between must not leave the command without any.
  if (old && !isYoung) await accounts.revokeApiToken(old.id)
}

async function newToken(accounts: Tokens, user: string, clock: Clock): Promise<string> {
  const expires = clock.now() + API_TOKEN_LIFETIME_MAX_MS
  return (await accounts.createApiToken({ user, name: TOKEN_NAME, expires })).token
}

function write(path: string, access: v.InferOutput<typeof Access>): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(access, null, 2)}\n`)
}

/** What somebody else put there is left alone. */
function accessOf(text: string | undefined): v.InferOutput<typeof Access> | undefined {
  try {
    const parsed = v.safeParse(Access, JSON.parse(text ?? 'null'))
    return parsed.success && URL.canParse(parsed.output.url) ? parsed.output : undefined
  } catch {
    return undefined
  }
}

function pathOf(url: string): string {
  return new URL(url).pathname
}
