import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import * as v from 'valibot'
import { systemClock } from '../../src/base/mod.ts'
import { type CredentialSource, FieldReference, type SourceAccess } from '../../src/keys/mod.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'
import { seen, temporaryVault } from '../support/keys/open-vault.ts'
import { refusalOf } from '../support/refusal.ts'
import { until } from '../support/until.ts'

/** A program that tries to betray what it knows: on its standard error, and by its code. */
const BETRAYAL = ['sh', '-c', 'echo marker-of-the-canary; echo marker-of-the-canary >&2; exit 3']

async function lent(
  reference: FieldReference,
  access: Partial<SourceAccess> = {},
): Promise<{ secret?: Record<string, string>; error?: Error & { code: string } }> {
  using opened = await temporaryVault(access)
  const { id } = await opened.vault.set('a', { password: reference })
  try {
    return { secret: await opened.vault.use(id, seen) }
  } catch (error) {
    return { error: error as Error & { code: string } }
  }
}

describe('a value from the environment', () => {
  test('is read at each use, and never kept', async () => {
    let value: string | undefined = 'first'
    using opened = await temporaryVault({ environment: (name) => (name === 'DB_PASSWORD' ? value : undefined) })
    const { vault } = opened
    const set = await vault.set('a', { username: 'me', password: { environment: 'DB_PASSWORD' } }, 'password')
    expect(set.sources).toEqual({
      username: { from: 'stored' },
      password: { from: 'environment', name: 'DB_PASSWORD' },
    })
    expect(await vault.use(set.id, seen)).toEqual({ username: 'me', password: 'first' })
    value = 'second\n'
    expect(await vault.use(set.id, seen)).toEqual({ username: 'me', password: 'second' })
    value = undefined
    expect(await refusalOf(() => vault.use(set.id, seen))).toBe('credential.source_missing')
    value = ''
    expect(await refusalOf(() => vault.use(set.id, seen))).toBe('credential.source_missing')
  })

  test('is held against its kind when it is read: a bad URL is named and not repeated', async () => {
    using opened = await temporaryVault({ environment: () => 'marker-of-the-canary' })
    const { id } = await opened.vault.set('a', { url: { environment: 'URL' } }, 'database_url')
    const error = await opened.vault.use(id, seen).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'credential.field_invalid', item: 'url' })
    expect(error.message).not.toContain('marker')
  })

  test('is never one of Sluice’s own variables, however it is asked for', async () => {
    using opened = await temporaryVault({ environment: () => 'the master key' })
    for (const reference of [
      { environment: 'SLUICE_MASTER_KEY' },
      { environment: 'sluice_token' },
      { command: ['env'], variables: ['SLUICE_MASTER_KEY'] },
    ]) {
      expect(await refusalOf(() => opened.vault.set('a', { v: reference }))).toBe('credential.source_forbidden')
    }
  })
})

describe('a value from a file', () => {
  test('loses the newline at its end, and a member of a JSON object is found', async () => {
    using opened = await temporaryVault({})
    const { vault, folder } = opened
    writeFileSync(folder.file('password'), ' spaced \r\n')
    writeFileSync(folder.file('secret.json'), '{"username":"me","port":5432,"nested":{}}')
    const json = folder.file('secret.json')
    const { id } = await vault.set('a', {
      password: { file: folder.file('password') },
      username: { file: json, member: 'username' },
      port: { file: json, member: 'port' },
    })
    expect(await vault.use(id, seen)).toEqual({ password: ' spaced ', username: 'me', port: '5432' })
    for (const member of ['nested', 'missing', 'toString', '__proto__']) {
      const { id: other } = await vault.set('b', { v: { file: json, member } })
      expect(await refusalOf(() => vault.use(other, seen))).toBe('credential.source_missing')
    }
  })

  test('of 64 KiB is taken, of one byte more is not', async () => {
    using opened = await temporaryVault({})
    const { vault, folder } = opened
    const { id } = await vault.set('a', { v: { file: folder.file('long') } })
    writeFileSync(folder.file('long'), 'x'.repeat(65_536))
    expect((await vault.use(id, seen))['v']?.length).toBe(65_536)
    writeFileSync(folder.file('long'), 'x'.repeat(65_537))
    expect(await refusalOf(() => vault.use(id, seen))).toBe('credential.source_failed')
  })

  test('is named as missing, as no file, or as no text', async () => {
    using opened = await temporaryVault({})
    const { folder, vault } = opened
    writeFileSync(folder.file('bytes'), new Uint8Array([0xff, 0xfe]))
    for (const [path, code] of [
      [folder.file('none'), 'credential.source_missing'],
      [folder.path, 'credential.source_failed'],
      [folder.file('bytes'), 'credential.source_failed'],
    ] as const) {
      const { id } = await vault.set('a', { v: { file: path } })
      expect(await refusalOf(() => vault.use(id, seen))).toBe(code)
    }
  })

  test('a pipe that nobody writes to does not hold anybody up', async () => {
    using opened = await temporaryVault({})
    Bun.spawnSync(['mkfifo', opened.folder.file('pipe')])
    const { id } = await opened.vault.set('a', { v: { file: opened.folder.file('pipe') } })
    expect(await refusalOf(() => opened.vault.use(id, seen))).toBe('credential.source_failed')
  })

  test('is never one of Sluice’s own, nor a view of the system, not through a link either', async () => {
    using opened = await temporaryVault({})
    const { folder, vault } = opened
    mkdirSync(folder.file('data'))
    writeFileSync(folder.file('data/keyring.json'), 'x')
    writeFileSync(folder.file('master.key'), 'x')
    symlinkSync(folder.file('data'), folder.file('link'))
    symlinkSync('/proc/self/environ', folder.file('environ'))
    const ownPlaces = [folder.file('data'), folder.file('master.key')]
    for (const path of ['data/keyring.json', 'link/keyring.json', 'x/../data/keyring.json', 'master.key', 'environ']) {
      mkdirSync(folder.file('x'), { recursive: true })
      const { error } = await lent({ file: folder.file(path) }, { ownPlaces })
      expect(error?.code).toBe('credential.source_forbidden')
    }
    const { id } = await vault.set('a', { v: { file: '/proc/self/environ' } })
    expect(await refusalOf(() => vault.use(id, seen))).toBe('credential.source_forbidden')
  })
})

describe('a value from a command', () => {
  test('is what it prints, without a shell: words are words', async () => {
    const { secret } = await lent({ command: ['echo', '$(id)', ';', '"a b"'] })
    expect(secret).toEqual({ password: '$(id) ; "a b"' })
  })

  test('of which the program is shown and not its arguments', async () => {
    using opened = await temporaryVault({})
    const set = await opened.vault.set('a', { v: { command: ['vault', 'kv', 'get', '-token=marker-of-the-canary'] } })
    expect(set.sources).toEqual({ v: { from: 'command', name: 'vault' } })
    expect(JSON.stringify(await opened.vault.list())).not.toContain('marker')
  })

  test('gets a small environment and the variables that it names, and no others', async () => {
    const variables: Record<string, string> = { VAULT_ADDR: 'https://vault.example', OTHER: 'x' }
    const { secret } = await lent(
      { command: ['sh', '-c', 'env | sort | tr "\\n" " "'], variables: ['VAULT_ADDR', 'MISSING'] },
      { environment: (name) => variables[name], commandEnvironment: { PATH: '/usr/bin:/bin' } },
    )
    expect(secret?.['password']).toContain('VAULT_ADDR=https://vault.example')
    expect(secret?.['password']).not.toContain('OTHER')
  })

  test('that fails says its code and nothing of what it said', async () => {
    const { error } = await lent({ command: BETRAYAL })
    expect(error?.code).toBe('credential.source_failed')
    expect(error?.message).toBe('the command sh gave no value (it ended with 3)')
    expect(Bun.inspect(error)).not.toContain('marker-of')
  })

  test('that is not there says so', async () => {
    const { error } = await lent({ command: ['/nowhere/at-all', 'marker-of-the-canary'] })
    expect(error?.message).toBe('the command at-all gave no value (ENOENT)')
  })

  test('that prints 64 KiB is taken, one byte more is not', async () => {
    const print = (bytes: number): FieldReference => ({ command: ['head', '-c', String(bytes), '/dev/zero'] })
    expect((await lent(print(65_536))).secret?.['password']?.length).toBe(65_536)
    expect((await lent(print(65_537))).error?.message).toBe('the command head gave no value (more than 65536 bytes)')
  })

  for (const [which, end] of [
    ['that takes too long', 'wait'],
    ['that ends and leaves behind what holds its output', 'echo secret'],
  ] as const) {
    test(`${which} is killed with what it started`, async () => {
      using opened = await temporaryVault({ commandTimeoutMs: 300 })
      const { vault, folder } = opened
      const script = folder.file('slow')
      writeFileSync(script, `#!/bin/sh\nsleep 600 &\necho $! > ${folder.file('child')}\n${end}\n`)
      chmodSync(script, 0o700)
      const { id } = await vault.set('a', { v: { command: [script] } })
      const startedMs = systemClock.monotonic()
      expect(await refusalOf(() => vault.use(id, seen))).toBe('credential.source_failed')
      expect(systemClock.monotonic() - startedMs).toBeLessThan(10_000)
      const child = Number(await Bun.file(folder.file('child')).text())
      await untilGone(child)
    })
  }

  test('is waited for by 256 uses beside the four that run; the next is refused at once', async () => {
    using opened = await temporaryVault({})
    const { vault, folder } = opened
    const go = folder.file('go')
    const { id } = await vault.set('a', {
      v: { command: ['sh', '-c', `until [ -e ${go} ]; do sleep 0.05; done; echo x`] },
    })
    const refused = Promise.withResolvers<Error>()
    const uses = Array.from({ length: 261 }, () => {
      const use = vault.use(id, seen)
      use.catch(refused.resolve)
      return use
    })
    expect(await refused.promise).toMatchObject({ code: 'credential.source_failed', kind: 'unavailable' })
    writeFileSync(go, '')
    const outcomes = await Promise.allSettled(uses)
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  })

  test('is run anew for each use', async () => {
    using opened = await temporaryVault({})
    const { vault, folder } = opened
    const count = `echo x >> ${folder.file('runs')}; wc -l < ${folder.file('runs')}`
    const { id } = await vault.set('a', { v: { command: ['sh', '-c', count] } })
    expect(await vault.use(id, seen)).toEqual({ v: '1' })
    expect(await vault.use(id, seen)).toEqual({ v: '2' })
  })
})

describe('what an owner forbids', () => {
  for (const [source, reference] of [
    ['environment', { environment: 'HOME' }],
    ['file', { file: '/etc/hostname' }],
    ['command', { command: ['id'] }],
  ] as const satisfies readonly (readonly [CredentialSource, FieldReference])[]) {
    test(`${source}: is refused when it is set, and when it was set before`, async () => {
      const allowed = new Set<CredentialSource>(['environment', 'file', 'command'])
      using opened = await temporaryVault({ allowed, environment: () => 'x' })
      const { id } = await opened.vault.set('a', { v: reference as FieldReference })
      allowed.delete(source)
      expect(await refusalOf(() => opened.vault.set('b', { v: reference as FieldReference }))).toBe(
        'credential.source_forbidden',
      )
      expect(await refusalOf(() => opened.vault.use(id, seen))).toBe('credential.source_forbidden')
    })
  }

  test('without access to sources none is taken', async () => {
    using opened = await temporaryVault()
    const set = () => opened.vault.set('a', { v: { environment: 'HOME' } })
    expect(await refusalOf(set)).toBe('credential.source_forbidden')
  })
})

describe('a reference', () => {
  test('is one of three forms, bounded', () => {
    const taken = (reference: unknown): boolean => v.is(FieldReference, reference)
    expect(taken({ environment: 'A'.repeat(128) })).toBe(true)
    expect(taken({ environment: 'A'.repeat(129) })).toBe(false)
    expect(taken({ environment: 'A=B' })).toBe(false)
    expect(taken({ environment: 'A', file: '/a' })).toBe(false)
    expect(taken({ file: 'relative' })).toBe(false)
    expect(taken({ file: '/a\nb' })).toBe(false)
    expect(taken({ command: [] })).toBe(false)
    expect(taken({ command: [''] })).toBe(false)
    expect(taken({ command: ['a\0b'] })).toBe(false)
    expect(taken({ command: Array.from({ length: 64 }, () => 'a') })).toBe(true)
    expect(taken({ command: Array.from({ length: 65 }, () => 'a') })).toBe(false)
    expect(taken({ command: ['a'], variables: Array.from({ length: 33 }, () => 'A') })).toBe(false)
    expect(taken({})).toBe(false)
  })
})

describe('what is not available', () => {
  test('is told field by field, with the reason and without a value, and nothing of what is', async () => {
    using opened = await temporaryVault({
      environment: (name) => (name === 'THERE' ? 'marker-of-the-canary' : undefined),
    })
    const fields = {
      stored: 'marker-of-the-canary',
      there: { environment: 'THERE' },
      unset: { environment: 'NOPE' },
      gone: { file: opened.folder.file('nowhere') },
      failing: { command: BETRAYAL },
    }
    await opened.vault.set('a', fields)
    const found = await opened.vault.unavailable('a')
    expect(found.map(({ field, code }) => [field, code]).sort()).toEqual([
      ['failing', 'credential.source_failed'],
      ['gone', 'credential.source_missing'],
      ['unset', 'credential.source_missing'],
    ])
    expect(JSON.stringify(found)).not.toContain('marker')
    await opened.vault.set('a', { there: { environment: 'THERE' } })
    expect(await opened.vault.unavailable('a')).toEqual([])
    expect(await refusalOf(() => opened.vault.unavailable('none'))).toBe('credential.not_found')
  })

  test('is also what is there and not of the form that the kind needs', async () => {
    using opened = await temporaryVault({ environment: () => 'marker-of-the-canary' })
    await opened.vault.set('a', { url: { environment: 'URL' } }, 'database_url')
    const found = await opened.vault.unavailable('a')
    expect(found).toMatchObject([{ field: 'url', code: 'credential.field_invalid' }])
    expect(JSON.stringify(found)).not.toContain('marker')
  })

  test('is what gives nothing for ten seconds: nobody waits longer for the answer', async () => {
    const clock = new ManualClock()
    using opened = await temporaryVault({ clock })
    await opened.vault.set('a', { slow: { command: ['sleep', '30'] } })
    const asked = opened.vault.unavailable('a')
    await until('the command runs', () => clock.sleeping === 2)
    clock.advance(10_000)
    expect(await asked).toMatchObject([{ field: 'slow', message: 'the source of slow gave nothing within 10 s' }])
    // The command itself is ended in its own time.
    clock.advance(10_000)
    expect(clock.sleeping).toBe(0)
  })
})

async function untilGone(pid: number): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    const stat = Bun.file(`/proc/${pid}/stat`)
    const text = await stat.text().catch(() => undefined)
    // A killed process that nobody has waited for yet is a zombie.
    if (text === undefined || / Z /.test(text)) return
    await systemClock.sleep(25)
  }
  throw new Error('the process that the command started still runs')
}
