/** One tenant's room and application without a port: real keyring and database, requests handed in as the server hands them in. */
import { type Accounts, openAccounts, type Role } from '../../../src/accounts/mod.ts'
import { base64url, newId, systemClock, systemRandom } from '../../../src/base/mod.ts'
import { loadMasterKey, openKeyring } from '../../../src/keys/mod.ts'
import { noRecorder } from '../../../src/platform/recorder.ts'
import { tenantApp } from '../../../src/platform/routes/tenant-app.ts'
import { openTenantRoom, type TenantRoom } from '../../../src/platform/tenant-room.ts'
import { liveStreams } from '../../../src/web/mod.ts'
import { memoryFolder } from '../folder.ts'
import { catalogue } from './platform-host.ts'

export type TenantHost = AsyncDisposable & {
  room: TenantRoom
  accounts: Accounts
  app: ReturnType<typeof tenantApp>
  /** A token of a new user with that role. */
  tokenFor(role: Role): Promise<string>
  ask(
    token: string,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; code: string | undefined }>
}

export async function tenantHost(): Promise<TenantHost> {
  const folder = memoryFolder()
  const time = { clock: systemClock, random: systemRandom }
  const master = await loadMasterKey({ kind: 'value', value: base64url(systemRandom(32)) })
  const keyring = await openKeyring({ path: folder.file('keyring.json'), master, ...time })
  const row = { id: newId('ten', systemClock, systemRandom), name: 'Example' }
  const room = await openTenantRoom(
    {
      ...{ data: folder.path, keyring, url: () => 'https://platform.example', authority: '', catalogue, ...time },
      ...{ allowPrivateAddresses: false, heartbeatIntervalMs: 10_000, recorder: noRecorder },
      ...{ incarnation: base64url(systemRandom(16)), startedAtMs: systemClock.now() },
    },
    row,
  )
  const accounts = openAccounts({ db: room.db, ...time, sealing: async () => room.wrapping })
  const stopping = new AbortController()
  const app = tenantApp(room, accounts, liveStreams({ clock: systemClock, signal: stopping.signal }))
  return {
    room,
    accounts,
    app,
    async tokenFor(role) {
      const user = await accounts.createUser({ name: role, role })
      const made = await accounts.createApiToken({ user: user.id, name: 'test', expires: systemClock.now() + 60_000 })
      return made.token
    },
    async ask(token, method, path, body) {
      const request = new Request(`https://platform.example/t/${row.id}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const answer = await app.fetch(request, { peer: { address: '127.0.0.1', port: 1 } })
      const text = await answer.text()
      return { status: answer.status, code: text.startsWith('{') ? JSON.parse(text).code : undefined }
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await room.close()
      folder[Symbol.dispose]()
    },
  }
}
