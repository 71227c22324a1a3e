/** `access.json`: how the command of this machine reaches the server. Readable by the server's own user only (0600). */
import { join } from 'node:path'
import * as v from 'valibot'
import { type Accounts, API_TOKEN_LIFETIME_MAX_MS } from '../accounts/mod.ts'
import type { Clock } from '../base/mod.ts'
import { readTextIfThere, writeFileAtomic } from '../host/mod.ts'

type Tokens = Pick<Accounts, 'createApiToken' | 'listApiTokens' | 'revokeApiToken'>

/** An application as the access file needs it: where it is reached, and its tokens. */
export type AccessDoor = {
  /** Base of its API, without a slash at its end. */
  url: string
  accounts: Tokens
  /**
   * User ids for whom the command may speak: a token that does not hold any more, or speaks for somebody else by now, gets a
   * successor for the first of them. Without it, whoever revoked it wanted no command here.
   */
  owners?: readonly string[]
}

/** How often the file is looked at while the server runs, milliseconds: a token has half a year left when it is first renewed. */
export const ACCESS_RENEWAL_MS = 86_400_000

/** Of the token in the file, and of no other: it gets an owner of this machine back in. */
export const MACHINE_TOKEN = 'the command on this machine'
const Access = v.object({ url: v.string(), ca: v.string(), token: v.string() })
type Access = v.InferOutput<typeof Access>

/** Writes the file with a token that speaks for the owner (a user id); a file that is there already stays. `ca` is PEM. */
export async function writeLocalAccess(
  folder: string,
  place: { url: string; ca: string },
  deps: { accounts: Tokens; owner: string; clock: Clock },
): Promise<void> {
  const path = join(folder, 'access.json')
  if ((await readTextIfThere(path)) !== undefined) return
  await write(path, { ...place, token: await newToken(deps.accounts, deps.owner, deps.clock) })
}

/**
 * Brings the file up to this start: name or port may have changed, and a token in the second half of its life, or past it, gets a
 * successor for the same user. What is no access file of one of the doors is left alone.
 */
export async function refreshLocalAccess(
  folder: string,
  given: { doors: readonly AccessDoor[]; ca: string; clock: Clock },
): Promise<void> {
  const path = join(folder, 'access.json')
  const kept = accessOf(await readTextIfThere(path))
  const door = kept && given.doors.find(({ url }) => pathOf(url) === pathOf(kept.url))
  if (!kept || !door) return
  const { url, accounts } = door
  const old = (await accounts.listApiTokens()).find(({ id }) => kept.token.startsWith(id))
  const { owners } = door
  const user = old && (owners === undefined || owners.includes(old.user)) ? old.user : owners?.[0]
  const isYoung =
    user === undefined || (old?.user === user && old.expiresAt - given.clock.now() > API_TOKEN_LIFETIME_MAX_MS / 2)
  const token = isYoung ? kept.token : await newToken(accounts, user, given.clock)
  if (url !== kept.url || given.ca !== kept.ca || token !== kept.token) await write(path, { url, ca: given.ca, token })
  // Only once the file has the new one: a crash in between must not leave the command without any.
  if (old && !isYoung) await accounts.revokeApiToken(old.id)
}

async function newToken(accounts: Tokens, user: string, clock: Clock): Promise<string> {
  const expires = clock.now() + API_TOKEN_LIFETIME_MAX_MS
  return (await accounts.createApiToken({ user, name: MACHINE_TOKEN, expires })).token
}

function write(path: string, access: Access): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(access, null, 2)}\n`)
}

function accessOf(text: string | undefined): Access | undefined {
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
