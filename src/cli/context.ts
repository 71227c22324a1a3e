/** What the command is handed by its host: where to write, what the environment says, when to stop. */
import { type Access, type AccessFlags, isUploadToken, resolveAccess } from './access.ts'
import { type Client, createClient } from './client.ts'
import type { Environment } from './config.ts'
import { UsageInvalid } from './exit.ts'
import type { Terminal } from './output.ts'

export type CliContext = {
  terminal: Terminal
  environment: Environment
  /** Whether the process runs as root: decides the default data folder. */
  root: boolean
  /** Aborted by SIGINT or SIGTERM. */
  signal: AbortSignal
  /** Told once by a verb that stays, when all that it loads at its start is loaded. */
  onStanding?: () => void
}

/** Options of every verb that speaks to a server. */
export type RemoteFlags = AccessFlags & { json?: boolean }

/** The server that the flags name, and its API. */
export async function connect(context: CliContext, flags: RemoteFlags): Promise<{ access: Access; client: Client }> {
  const access = await resolveAccess(flags, context.environment, context.root)
  if (access.token !== undefined && isUploadToken(access.token))
    throw new UsageInvalid(
      'SLUICE_TOKEN holds an upload token, and this needs an API token: those begin with slt_',
      'Make one under “Your account” or with `sluice api-token create`; an upload token goes into SLUICE_UPLOAD_TOKEN.',
    )
  return { access, client: createClient(access) }
}
