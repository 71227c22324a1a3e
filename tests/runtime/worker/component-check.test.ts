import { describe, expect, test } from 'bun:test'
import process from 'node:process'
import { AppError, systemClock } from '../../../src/base/mod.ts'
import { catalogue } from '../../../src/catalogue.ts'
import { type AnyDefinition, parseConfig } from '../../../src/pipeline/mod.ts'
import { checkComponent } from '../../../src/runtime/worker/component-check.ts'
import { testTypes } from '../../support/runtime/types.ts'

class WrongKey extends AppError {
  override readonly code = 'table.wrong_key' as const
  override readonly advice = 'Check the key.'
  readonly item = 'the key'
}

const component = {
  ...{ name: 'warehouse', type: 'table', from: ['orders'] },
  config: { credential: 'warehouse', table: 'orders', host: 'db.example:5432' },
}

function checking(check: AnyDefinition['check'], config: unknown = component.config) {
  const types = new Map(testTypes).set('table', {
    ...(testTypes.get('table') as AnyDefinition),
    check,
  } as AnyDefinition)
  const asked: unknown[] = []
  const ask = async (what: string, body: unknown) => {
    asked.push([what, body])
    return { secret: { password: 'marker-of-the-canary' } }
  }
  const places = { files: process.cwd(), closed: '/data' }
  const answer = checkComponent(
    { types, ask: ask as never, clock: systemClock },
    { ...places, component: { ...component, config } as never },
  )
  return { answer, asked }
}

describe('the check of a component', () => {
  test('is lent the credential through main, and passes when nothing is thrown', async () => {
    const seen: string[] = []
    const { answer, asked } = checking((config, { secrets }) =>
      secrets.use(
        (config as { credential: string }).credential,
        async ({ password }) => void seen.push(password ?? ''),
      ),
    )
    expect(await answer).toEqual({})
    expect(seen).toEqual(['marker-of-the-canary'])
    expect(asked).toEqual([['credential', { credential: 'warehouse' }]])
  })

  test('that fails tells code, item and advice, and no message', async () => {
    const { answer } = checking(async () => {
      throw new WrongKey('the password marker-of-the-canary does not fit')
    })
    expect(await answer).toEqual({ failure: { code: 'table.wrong_key', item: 'the key', advice: 'Check the key.' } })
  })

  test('that fails with an error of a driver tells nothing of it', async () => {
    const { answer } = checking(async () => {
      throw new RangeError('postgres://me:marker-of-the-canary@db refused')
    })
    expect(await answer).toEqual({ failure: { code: 'internal.unexpected' } })
  })

  test('reaches nothing outside of the folders that the owner’s rules leave open', async () => {
    const types = new Map(testTypes).set('table', {
      ...(testTypes.get('table') as AnyDefinition),
      check: async (_config: object, { admitPath }: { admitPath: (path: string) => void }) => admitPath('/srv/b/x.db'),
    } as AnyDefinition)
    const deps = { types, ask: (async () => ({})) as never, clock: systemClock }
    const places = { files: process.cwd(), closed: '/data', component: component as never }
    expect(await checkComponent(deps, { ...places, roots: ['/srv/b'] })).toEqual({})
    expect((await checkComponent(deps, { ...places, roots: ['/srv/a'] })).failure?.code).toBeDefined()
  })

  test('reaches nothing in the data folder', async () => {
    const { answer } = checking(async (_config, { admitPath }) => admitPath('/data/keyring.json'))
    expect((await answer).failure?.code).toBeDefined()
  })

  test('of a config that does not parse, or of an unknown type, says so', async () => {
    const { answer } = checking(async () => undefined, { nonsense: true })
    expect((await answer).failure?.code).toBe('pipeline.config_invalid')
    const unknown = { files: process.cwd(), closed: '/data', component: { ...component, type: 'nothing' } }
    const deps = { types: testTypes, ask: (async () => ({})) as never, clock: systemClock }
    expect((await checkComponent(deps, unknown as never)).failure?.code).toBe('component.type_unknown')
  })
})

test('every type of the catalogue that takes a credential can try it', () => {
  for (const definition of catalogue.values()) {
    const { credentials = [] } = definition.touches(parseConfig(definition, definition.example) as never)
    expect({ type: definition.type, checks: definition.check !== undefined }).toMatchObject({
      checks: credentials.length > 0,
    })
  }
})
