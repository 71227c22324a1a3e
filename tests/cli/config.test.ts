import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { defaultData, effectiveSettings, type Flags } from '../../src/cli/config.ts'
import { publicHostOf, readSettings } from '../../src/cli/serve.ts'
import { SETTINGS, variableOf } from '../../src/cli/settings.ts'
import { sluice } from '../support/cli/terminal.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'

function withFile(text: string) {
  const folder = temporaryFolder()
  const path = folder.file('runtime.yaml')
  writeFileSync(path, text)
  return { path, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

async function portOf(flags: Flags, environment: Record<string, string> = {}) {
  const list = await effectiveSettings('runtime', flags, environment, false)
  return list.find(({ key }) => key === 'port')
}

test('a setting comes from its flag, else its variable, else the file, else its default, and says whence', async () => {
  using file = withFile('port: 3\n')
  const config = file.path
  const variable = { SLUICE_PORT: '2' }
  expect(await portOf({ config, port: '1' }, variable)).toEqual({
    key: 'port',
    value: '1',
    source: 'flag',
    from: '--port',
  })
  expect(await portOf({ config }, variable)).toMatchObject({ value: '2', source: 'variable', from: 'SLUICE_PORT' })
  expect(await portOf({}, { SLUICE_CONFIG: config })).toMatchObject({ value: '3', source: 'file', from: config })
  expect(await portOf({ config }, { SLUICE_PORT: '' })).toMatchObject({ value: '3', source: 'file' })
  expect(await portOf({})).toMatchObject({ value: '8752', source: 'default', from: 'default' })
})

test('paths that stand in the data folder follow it, wherever it was named', async () => {
  const list = await effectiveSettings('runtime', { data: '/d' }, {}, false)
  const values = Object.fromEntries(list.map(({ key, value }) => [key, value]))
  expect(values).toMatchObject({ data: '/d', files: '/d/files', 'master-key-file': '/d/master.key' })
})

test('the default data folder is the system’s for root, else the user’s state folder', () => {
  expect(defaultData('platform', { HOME: '/h' }, true)).toBe('/var/lib/sluice/platform')
  expect(defaultData('runtime', { XDG_STATE_HOME: '/s', HOME: '/h' }, false)).toBe('/s/sluice/runtime')
  expect(defaultData('runtime', { HOME: '/h' }, false)).toBe('/h/.local/state/sluice/runtime')
})

test('config refuses an unknown key of the file and suggests the one that was meant', async () => {
  using file = withFile('bridge-prot: 1\n')
  const ran = await sluice(['config', '--config', file.path])
  expect(ran).toMatchObject({ exit: 2, out: '' })
  expect(ran.err).toMatch(
    /^config\.invalid: .+`bridge-prot` is not a setting of the runtime; did you mean `bridge-port`\?.*\n$/,
  )
})

test('a file with what is no setting’s value is refused by name: YAML faults, lists, nested values, aliases', async () => {
  for (const text of ['port: [', '- port', 'just words', 'port: { a: 1 }', 'port:', 'name: &a x\npublic-host: *b']) {
    using file = withFile(text)
    expect(await refusalOf(() => portOf({ config: file.path }))).toBe('config.invalid')
  }
  using empty = withFile('# nothing yet\n')
  expect(await portOf({ config: empty.path })).toMatchObject({ source: 'default' })
  expect(await refusalOf(() => portOf({ config: '/nonexistent.yaml' }))).toBe('config.invalid')
})

test('a bad port or switch is refused with the place that it came from', async () => {
  expect(await refusalOf(() => portOf({ port: '65536' }))).toBe('cli.usage')
  expect(await portOf({ port: '65535' })).toMatchObject({ value: '65535' })
  const ran = await sluice(['config'], { SLUICE_PORT: 'http' })
  expect(ran.exit).toBe(2)
  expect(ran.err).toMatch(/^cli\.usage: SLUICE_PORT: `http` is not a port/)
  expect((await sluice(['runtime', '--name', '--help'])).err).toMatch(/^cli\.usage: --name: a value is missing before/)
  using file = withFile('allow-private-addresses: perhaps\n')
  const switched = await sluice(['config', '--role', 'platform', '--config', file.path])
  expect(switched.err).toMatch(/^config\.invalid: .+`allow-private-addresses`: `perhaps` is neither true nor false/)
})

test('config prints every setting of the role with its source, as a table and as JSON', async () => {
  for (const role of ['platform', 'runtime'] as const) {
    const keys = SETTINGS.filter(({ roles }) => roles.includes(role)).map(({ key }) => key)
    const shown = await sluice(['config', '--role', role])
    expect(
      shown.out
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(' ')[0]),
    ).toEqual(keys)
    const listed = JSON.parse((await sluice(['config', '--role', role, '--json'])).out) as { key: string }[]
    expect(listed.map(({ key }) => key)).toEqual(keys)
  }
})

test('every setting has a flag and a variable that the help of its server names', async () => {
  for (const role of ['platform', 'runtime'] as const) {
    const { out } = await sluice([role, '--help'])
    const words = out.replace(/\s+/g, ' ')
    for (const setting of SETTINGS.filter(({ roles }) => roles.includes(role))) {
      expect(words).toContain(`--${setting.key}`)
      expect(words).toContain(variableOf(setting))
    }
  }
})

test('a server on a loopback address is called by it in every link, one that others reach is not', async () => {
  const context = { terminal: { out: () => undefined, err: () => undefined, interactive: false }, environment: {} }
  const called = async (flags: Flags) =>
    publicHostOf(
      await readSettings('runtime', flags, { ...context, root: false, signal: new AbortController().signal }),
    )
  expect(await called({ data: '/dev/null/x', host: '127.0.0.1' })).toBe('127.0.0.1')
  expect(await called({ data: '/dev/null/x' })).toBe('localhost')
  expect(await called({ data: '/dev/null/x', host: '127.0.0.1', publicHost: 'factory.example' })).toBe(
    'factory.example',
  )
})
