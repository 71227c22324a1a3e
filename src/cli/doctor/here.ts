/** What the doctor sees of this machine and of a Runtime's data folder, whether the Runtime runs or not. It changes nothing. */
import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Clock, systemRandom } from '../../base/mod.ts'
import { type Check, checkClock, diskSpace, type Found, listenTcp, look, ok, skipped } from '../../host/mod.ts'
import { loadMasterKey, type MasterKeySource, openKeyring } from '../../keys/mod.ts'
import { checkDatabase, databasePath } from '../../store/mod.ts'

/** Below it there is room for minutes of trouble and not more: 1 GiB, or a twentieth of a small volume. */
const DISK_FREE_BYTES_MIN = 1_073_741_824

export type Here = {
  data: string
  /** Where the program unpacks its database addon. */
  temporary: string
  host: string
  ports: readonly { name: string; port: number }[]
  masterKey: () => Promise<MasterKeySource>
  clock: Clock
  /** Whether the server answers: then its ports are its own. */
  isRunning: boolean
}

export async function checksHere(here: Here): Promise<Check[]> {
  const made = await stat(join(here.data, 'keyring.json')).then(
    () => true,
    () => false,
  )
  const unmade = async () => skipped('there is no state in the data folder yet')
  return [
    await look('disk', () => disk(here.data)),
    await look('clock', () => checkClock(here.data, here.clock)),
    ...(await Promise.all(here.ports.map(({ name, port }) => look(name, () => portFree(here, port))))),
    await look('temporary folder', () => temporary(here.temporary)),
    await look('keys', made ? () => keys(here) : unmade),
    await look('database', made ? () => database(here) : unmade),
  ]
}

async function disk(data: string): Promise<Found> {
  const { freeBytes, totalBytes } = await diskSpace(await existing(data))
  const found = `${Math.floor(freeBytes / 1_048_576)} MiB free of ${Math.floor(totalBytes / 1_048_576)} MiB`
  if (freeBytes >= Math.min(DISK_FREE_BYTES_MIN, totalBytes / 20)) return ok(found)
  return { verdict: 'bad', found, advice: 'Free some space on that volume, or move the data folder with --data.' }
}

/** The folder, or the nearest above it that is there. */
async function existing(path: string): Promise<string> {
  for (let folder = resolve(path); ; folder = dirname(folder))
    if (folder === dirname(folder) || (await stat(folder).catch(() => undefined))) return folder
}

async function portFree({ host, isRunning }: Here, port: number): Promise<Found> {
  if (isRunning) return ok(`${port}, by the Runtime that runs`)
  await using _server = await listenTcp({ hostname: host, port, onSocket: (socket) => socket.destroy() })
  return ok(`${port} is free`)
}

/** The addon is loaded from there: a volume that is mounted `noexec` would not let it. */
async function temporary(folder: string): Promise<Found> {
  const path = resolve(folder)
  if (!(await stat(path)).isDirectory())
    return { verdict: 'bad', found: `${path} is no folder`, advice: TEMPORARY_ADVICE }
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''))
    .split('\n')
    .map((line) => line.split(' '))
  const own = mounts
    .filter(([, , , , point = '']) => path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`))
    .sort(([, , , , a = ''], [, , , , b = '']) => b.length - a.length)[0]
  if (!own?.[5]?.split(',').includes('noexec')) return ok(`${path} lets programs run`)
  return { verdict: 'bad', found: `${path} is mounted noexec`, advice: TEMPORARY_ADVICE }
}

const TEMPORARY_ADVICE = 'Name a folder from which programs may run in TMPDIR, or mount that one without noexec.'

async function keys({ data, masterKey, clock: now }: Here): Promise<Found> {
  const source = await masterKey()
  await openKeyring({
    path: join(data, 'keyring.json'),
    master: await loadMasterKey(source),
    clock: now,
    random: systemRandom,
  })
  if (source.kind !== 'file') return ok('the master key opens the keyring')
  const [key, folder] = await Promise.all([stat(source.path), stat(data)])
  if (key.dev !== folder.dev) return ok('the master key opens the keyring')
  return {
    verdict: 'warn',
    found: 'the master key opens the keyring, and lies on the volume that it protects',
    advice: 'Keep it elsewhere: --master-key-file on another volume, a systemd credential, or --master-key-command.',
  }
}

async function database({ data, masterKey, clock: now }: Here): Promise<Found> {
  const master = await loadMasterKey(await masterKey())
  const keyring = await openKeyring({ path: join(data, 'keyring.json'), master, clock: now, random: systemRandom })
  const key = await keyring.load('database', 'runtime')
  if (!key) return skipped('no database was made yet')
  const path = databasePath(data, 'runtime', keyring.placeOf('database', 'runtime').generation)
  try {
    await checkDatabase(path, key)
  } finally {
    key.fill(0)
  }
  return ok(`${path} is sound`)
}
