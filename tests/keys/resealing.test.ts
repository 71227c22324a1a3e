import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { deferred, systemClock, systemRandom } from '../../src/base/mod.ts'
import { importWrappingKey } from '../../src/crypto/mod.ts'
import {
  type Keyring,
  openKeptDatabase,
  openKeyring,
  openVault,
  openWrappingKey,
  rotateWrappingKey,
  sealedCredentials,
} from '../../src/keys/mod.ts'
import { credentials, runtimeDatabase } from '../../src/store/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { frozenClock } from '../support/frozen-clock.ts'
import { bearer, tokenEndpoint } from '../support/keys/token-endpoint.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

const master = await importWrappingKey(systemRandom(32))
const clock = frozenClock()
const VAULT = { purpose: 'vault', id: 'runtime' }
const COUNT = 40

/** As a server opens it. */
async function opened(folder: TemporaryFolder) {
  const keyring: Keyring = await openKeyring({ path: folder.file('keyring.json'), master, clock, random: systemRandom })
  const db = await openKeptDatabase(keyring, { folder: folder.path, name: 'runtime', id: 'runtime' }, runtimeDatabase)
  const held = await openWrappingKey(keyring, VAULT.purpose, VAULT.id)
  const vault = openVault({ db, key: held, clock, random: systemRandom })
  const rotate = (signal = new AbortController().signal, progress: (done: number) => void = () => undefined) =>
    rotateWrappingKey(keyring, { ...VAULT, held }, sealedCredentials(db), progress, signal)
  const passwords = async (): Promise<Record<string, string>> => {
    const found: Record<string, string> = {}
    for (const { id, name } of await vault.list()) {
      found[name] = await vault.use(id, async ({ password }) => password ?? '')
    }
    return found
  }
  return { keyring, db, vault, rotate, passwords, [Symbol.dispose]: () => db.close() }
}

const filled = (extra: Record<string, string> = {}) => ({
  ...Object.fromEntries(Array.from({ length: COUNT }, (_, n) => [`c${n}`, `secret ${n}`])),
  ...extra,
})

async function fill(vault: Awaited<ReturnType<typeof opened>>['vault']): Promise<void> {
  for (let n = 0; n < COUNT; n++) await vault.set(`c${n}`, { password: `secret ${n}` })
}

// Each step of a race has a database of its own, on a machine that others use as well.
setDefaultTimeout(30_000)

describe('a wrapping key', () => {
  test('is rotated under what it wraps: all opens by the new key, in this process and the next', async () => {
    using folder = memoryFolder()
    {
      using one = await opened(folder)
      await fill(one.vault)
      const steps: number[] = []
      await one.rotate(undefined, (done) => steps.push(done))
      expect(Math.max(...steps)).toBe(COUNT)
      expect(one.keyring.list().some(({ rotating }) => rotating)).toBe(false)
      expect(await one.passwords()).toEqual(filled())
    }
    using two = await opened(folder)
    expect(await two.passwords()).toEqual(filled())
  })

  slowTest(
    'cut off anywhere, opens all in the next process, takes new ones, and is brought to its end there',
    async () => {
      for (const cut of [0, 1, 20, COUNT]) {
        using folder = memoryFolder()
        {
          using one = await opened(folder)
          await fill(one.vault)
          const stop = new AbortController()
          if (cut === 0) stop.abort()
          const cutting = one.rotate(stop.signal, (done) => done === cut && stop.abort())
          expect(await refusalOf(() => cutting)).toBe('internal.cancelled')
          await one.vault.set('amid', { password: 'in between' })
        }
        {
          using two = await opened(folder)
          expect(await two.passwords()).toEqual(filled({ amid: 'in between' }))
          await two.vault.set('later', { password: 'before the end' })
          await two.rotate()
          expect(two.keyring.list().some(({ rotating }) => rotating)).toBe(false)
        }
        using three = await opened(folder)
        expect(await three.passwords()).toEqual(filled({ amid: 'in between', later: 'before the end' }))
      }
    },
  )

  test('cut off and begun again in the same process loses nothing either', async () => {
    using folder = memoryFolder()
    {
      using one = await opened(folder)
      await fill(one.vault)
      const stop = new AbortController()
      await one.rotate(stop.signal, (done) => done === 20 && stop.abort()).catch(() => undefined)
      await one.rotate()
      expect(await one.passwords()).toEqual(filled())
    }
    using two = await opened(folder)
    expect(await two.passwords()).toEqual(filled())
  })

  test('is rotated while others replace, add and remove what lies under it', async () => {
    using folder = memoryFolder()
    using one = await opened(folder)
    await fill(one.vault)
    await Promise.all([
      one.rotate(),
      one.vault.set('c0', { password: 'replaced' }),
      one.vault.set('new', { password: 'added' }),
      one.vault.remove('c1'),
    ])
    const { c1: _gone, ...left } = filled({ c0: 'replaced', new: 'added' })
    expect(await one.passwords()).toEqual(left)
    using two = await opened(folder)
    expect(await two.passwords()).toEqual(left)
  })

  slowTest(
    'is rotated while a refresh token is exchanged: the new one is kept, whichever step of either comes first',
    async () => {
      await using endpoint = await tokenEndpoint()
      const { url: tokenUrl, authority } = endpoint
      const client = { tokenUrl, authority, clientId: 'me', clientSecret: 'x', refreshToken: 'refresh-1' }
      for (let turns = 0; turns < 16; turns++) {
        using folder = memoryFolder()
        using one = await opened(folder)
        const { id } = await one.vault.set('api', client, 'oauth2_client')
        let rotated: Promise<void> | undefined
        const asked = deferred<void>()
        endpoint.answers.push(async () => {
          asked.resolve()
          if (turns < 4) await one.rotate()
          return { body: bearer('a', { refresh_token: 'refresh-2' }) }
        })
        const used = one.vault.use(id, async () => undefined)
        if (turns >= 4) {
          await asked.promise
          await systemClock.sleep((turns - 4) / 3)
          rotated = one.rotate()
        }
        await Promise.all([used, rotated])
        using two = await opened(folder)
        endpoint.answers.push(() => ({ body: bearer('b') }))
        await two.vault.use(id, async () => undefined)
        expect(endpoint.requests[turns * 2 + 1]?.form).toMatchObject({ refresh_token: 'refresh-2' })
      }
    },
  )

  slowTest('is rotated while something new is sealed, however far that has come', async () => {
    for (let turns = 0; turns < 24; turns++) {
      using folder = memoryFolder()
      using one = await opened(folder)
      const setting = one.vault.set('new', { password: 'added' })
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      await Promise.all([setting, one.rotate()])
      using two = await opened(folder)
      expect(await two.passwords()).toEqual({ new: 'added' })
    }
  })

  test('has its last look when whoever holds the database has written', async () => {
    using folder = memoryFolder()
    using one = await opened(folder)
    const steps: string[] = []
    const held = one.db.transaction(async () => {
      await systemClock.sleep(50)
      steps.push('written')
    })
    await Promise.all([held, one.rotate().then(() => steps.push('rotated'))])
    expect(steps).toEqual(['written', 'rotated'])
  })

  test('leaves what never opened as it is, and does not stop at it', async () => {
    using folder = memoryFolder()
    using one = await opened(folder)
    await fill(one.vault)
    const forged = systemRandom(64)
    await one.db.update(credentials).set({ sealed: forged })
    await one.vault.set('sound', { password: 'kept' })
    await one.rotate()
    const { id } = await one.vault.find('sound')
    expect(await one.vault.use(id, async ({ password }) => password)).toBe('kept')
    const rows = await one.db.select().from(credentials)
    expect(rows.filter(({ sealed }) => Buffer.from(sealed).equals(forged))).toHaveLength(COUNT)
  })
})
