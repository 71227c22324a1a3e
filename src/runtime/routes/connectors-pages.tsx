/** The pages of a data tenant's connectors: listed, made, changed, run, approved, looked at. Their forms do what the API does. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { type Accounts, RoleTooLow, roleReaches } from '../../accounts/mod.ts'
import { type Connector, ConnectorUnfit, connectorType, connectorTypes, hostOf } from '../../connectors/mod.ts'
import type { Vault } from '../../keys/mod.ts'
import {
  actorOf,
  dangerPage,
  type FailedForm,
  type FormShown,
  formAct,
  formPage,
  type PersonEnv,
  type Site,
} from '../../server/mod.ts'
import { parseInput } from '../../web/mod.ts'
import { DatasetId, Name } from '../../wire/mod.ts'
import {
  approveConnector,
  type ConnectorActsDeps,
  changeConnector,
  createConnector,
  isOwnerOf,
  removeConnector,
  runConnector,
  setCursor,
} from '../connectors/connector-acts.ts'
import type { DataAccess, Member } from '../datasets/access.ts'
import type { RuntimeState } from '../open-state.ts'
import {
  CHOSEN,
  ChooseFields,
  ConnectorForm,
  ConnectorPage,
  type ConnectorShown,
  ConnectorsPage,
  connectorRemoval,
  cursorReset,
  SETTING,
  TypeChoice,
} from '../views/connectors.tsx'
import { askedTenant, framed, tenantPath, tenantTabbed } from './datasets-frame.tsx'

export type ConnectorPagesDeps = ConnectorActsDeps & {
  access: DataAccess
  state: Pick<RuntimeState, 'connectors' | 'trail'> & { vault: Pick<Vault, 'list'> }
  clock: { now(): number }
  accounts: Pick<Accounts, 'listUsers'>
}

const LIST = '/:tenant/~connectors'
const ONE = `${LIST}/:connector`
const RUNS_SHOWN = 50

type Asked = { member: Member; connector: Connector; path: string }
type Texts = Readonly<Record<string, unknown>>

export function connectorPages(deps: ConnectorPagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get(LIST, (c) => list(c, deps, site))
    .route('/', newPage(deps, site))
    .get(ONE, async (c) => site.page(c, await show(deps, c, await asked(deps, c, 'viewer'))))
    .route('/', changePage(deps, site))
    .route('/', fieldsPage(deps, site))
    .route('/', acts(deps, site))
    .route('/', removalPages(deps, site))
}

async function list(c: Context<PersonEnv>, deps: ConnectorPagesDeps, site: Site): Promise<Response> {
  const member = await askedTenant(deps.access, c, 'viewer')
  const path = listPath(member)
  const all = await Promise.all(
    (await deps.state.connectors.store.list(member.tenant.id)).map((connector) =>
      shownOf(deps, { member, connector, path: `${path}/${connector.name}` }),
    ),
  )
  const newPath = roleReaches(member.role, 'operator') ? `${path}/~new` : undefined
  const action = newPath !== undefined && all.length > 0 && (
    <a class="button" href={newPath}>
      New connector
    </a>
  )
  const view = <ConnectorsPage {...{ all, newPath, nowMs: deps.clock.now() }} />
  return site.page(c, { ...tenantTabbed(member, '/~connectors', view), ...(action && { action }) })
}

function newPage(deps: ConnectorPagesDeps, site: Site): Hono<PersonEnv> {
  return formPage(site, `${LIST}/~new`, {
    ...{ role: 'viewer', fresh: true, schema: v.record(v.string(), v.unknown()) },
    async about(c) {
      const member = await askedTenant(deps.access, c, 'operator')
      const type = connectorType(c.req.query('type') ?? connectorTypes[0]?.type ?? '')
      return { member, type }
    },
    async again({ about: { member, type }, values, failed }) {
      const datasets = (await member.data.datasets()).filter(({ shape }) => type.shapes.includes(shape))
      const path = listPath(member)
      const form = { type, values, datasets, credentials: await fitting(deps, type), isNew: true, cancel: path }
      const view = (
        <>
          <TypeChoice types={connectorTypes} chosen={type.type} path={`${path}/~new`} />
          <ConnectorForm {...{ ...form, action: `${path}/~new?type=${type.type}`, ...failed }} />
        </>
      )
      return framed(`New connector to ${type.title}`, view, member)
    },
    async act({ c, about: { member, type }, input }) {
      const about = v.object({ name: Name, dataset: DatasetId })
      const { name, dataset } = parseInput(about, { name: input['name'], dataset: input['dataset'] })
      const wanted = { name, dataset, type: type.type, ...(await wantedOf(type, input)) }
      await createConnector(deps, member, wanted, isOwnerOf(c.var.user))
      return `${listPath(member)}/${name}`
    },
  })
}

function changePage(deps: ConnectorPagesDeps, site: Site): Hono<PersonEnv> {
  return formPage(site, `${ONE}/change`, {
    ...{ role: 'viewer', fresh: true, schema: v.record(v.string(), v.unknown()) },
    about: (c) => asked(deps, c, 'operator'),
    async again({ about: { member, connector, path }, values, failed }) {
      const type = connectorType(connector.type)
      const typed = Object.keys(values).length > 0 ? values : await valuesOf(connector)
      const form = { type, values: typed, datasets: [], credentials: await fitting(deps, type), isNew: false }
      const view = <ConnectorForm {...{ ...form, action: `${path}/change`, cancel: path, ...failed }} />
      return below(member, connector, path, view, 'Change')
    },
    async act({ c, about: { member, connector, path }, input }) {
      await changeConnector(
        deps,
        member,
        connector,
        await wantedOf(connectorType(connector.type), input),
        isOwnerOf(c.var.user),
      )
      return path
    },
  })
}

function fieldsPage(deps: ConnectorPagesDeps, site: Site): Hono<PersonEnv> {
  const { connectors } = deps.state
  return formPage(site, `${ONE}/fields`, {
    ...{ role: 'viewer', fresh: true, schema: v.record(v.string(), v.unknown()) },
    about: (c) => asked(deps, c, 'operator'),
    async again({ about: { member, connector, path }, failed }) {
      const { setting, fields } = await connectors.discover(connector)
      const before = (connector.config as Record<string, unknown>)[setting]
      const chosen = new Set(Array.isArray(before) ? before.map(String) : [])
      return below(member, connector, path, <ChooseFields {...{ fields, chosen, path, ...failed }} />, 'Choose fields')
    },
    async act({ c, about: { member, connector, path }, input }) {
      const setting = connectorType(connector.type).discover?.setting
      const chosen = Object.keys(input).flatMap((name) => (name.startsWith(CHOSEN) ? [name.slice(CHOSEN.length)] : []))
      const { [setting ?? '']: before, ...config } = connector.config as Record<string, unknown>
      if (typeof before === 'object' && before !== null && !Array.isArray(before))
        throw new ConnectorUnfit(
          `${setting} gives fields their names, which a choice would take away: change it as it is written`,
        )
      const next = setting !== undefined && chosen.length > 0 ? { ...config, [setting]: chosen } : config
      await changeConnector(deps, member, connector, { config: next }, isOwnerOf(c.var.user))
      return path
    },
  })
}

/** Buttons of its page; what they are refused stands there. */
function acts(deps: ConnectorPagesDeps, site: Site): Hono<PersonEnv> {
  const button = (
    word: string,
    act: (asked: Asked & { c: Context<PersonEnv> }) => Promise<unknown>,
    about: (c: Context<PersonEnv>) => Promise<Asked> = (c) => asked(deps, c, 'operator'),
    fresh = true,
  ) =>
    formAct(site, `${ONE}/${word}`, {
      ...{ role: 'viewer', fresh, about },
      again: ({ c, about, failed }) => show(deps, c, about, { failed }),
      async act({ c, about }) {
        await act({ ...about, c })
        return about.path
      },
    })
  return new Hono<PersonEnv>()
    .route(
      '/',
      button('run', ({ member, connector }) => runConnector(deps, member, connector), undefined, false),
    )
    .route(
      '/',
      button('pause', ({ c, member, connector }) =>
        changeConnector(deps, member, connector, { paused: true }, isOwnerOf(c.var.user)),
      ),
    )
    .route(
      '/',
      button('resume', ({ c, member, connector }) =>
        changeConnector(deps, member, connector, { paused: false }, isOwnerOf(c.var.user)),
      ),
    )
    .route(
      '/',
      button(
        'approve',
        ({ member, connector }) => approveConnector(deps, member, connector),
        (c) => askedOfOwner(deps, c),
      ),
    )
    .route(
      '/',
      formAct(site, `${ONE}/check`, {
        role: 'viewer',
        about: (c) => asked(deps, c, 'operator'),
        again: ({ c, about, failed }) => show(deps, c, about, { failed }),
        act: async ({ c, about }) =>
          site.page(c, await show(deps, c, about, { said: await deps.state.connectors.check(about.connector) })),
      }),
    )
}

function removalPages(deps: ConnectorPagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .route(
      '/',
      dangerPage(site, `${ONE}/remove`, {
        role: 'viewer',
        about: (c) => asked(deps, c, 'operator'),
        form: ({ connector: { name }, path }) => connectorRemoval({ name, path }),
        frame: ({ about: { member, connector, path }, danger }) => below(member, connector, path, danger, 'Remove'),
        async act({ about: { member, connector } }) {
          await removeConnector(deps, member, connector)
          return listPath(member)
        },
      }),
    )
    .route(
      '/',
      dangerPage(site, `${ONE}/cursor`, {
        role: 'viewer',
        about: (c) => asked(deps, c, 'operator'),
        form: ({ connector: { name }, path }) => cursorReset({ name, path }),
        frame: ({ about: { member, connector, path }, danger }) => below(member, connector, path, danger, 'Begin anew'),
        async act({ about: { member, connector, path } }) {
          await setCursor(deps, member, connector, null)
          return path
        },
      }),
    )
}

async function show(
  deps: ConnectorPagesDeps,
  c: Context<PersonEnv>,
  about: Asked,
  { said = [], failed = { errors: {} } }: { said?: readonly string[]; failed?: FailedForm } = {},
): Promise<FormShown> {
  const { connectors } = deps.state
  const connector = (await connectors.store.current(about.connector.id)) ?? about.connector
  const shown = await shownOf(deps, { ...about, connector })
  const runs = await connectors.store.runs(connector.id, { limit: RUNS_SHOWN })
  const may = { mayChange: roleReaches(about.member.role, 'operator'), mayApprove: isOwnerOf(c.var.user) }
  const type = connectorType(connector.type)
  const [discovers, sends] = [type.discover !== undefined, type.sends?.(connector.config)]
  const people = new Map((await deps.accounts.listUsers()).map(({ id, name }) => [actorOf({ id }), name]))
  const view = (
    <ConnectorPage {...{ ...shown, runs, ...may, discovers, sends, people, said, failed, nowMs: deps.clock.now() }} />
  )
  return below(about.member, connector, about.path, view)
}

async function shownOf(
  { state: { connectors } }: ConnectorPagesDeps,
  { member, connector, path }: Asked,
): Promise<ConnectorShown> {
  const [last] = await connectors.store.runs(connector.id, { limit: 1 })
  const isApproved = await connectors.isApproved(connector)
  const dataset = await member.data.dataset(connector.dataset).then(
    ({ name }) => name,
    () => connector.dataset,
  )
  return {
    ...{ connector, dataset, host: hostOf(connector), last, path },
    nextRunMs: isApproved ? connectors.nextRunMs(connector) : undefined,
    state: connectors.isRunning(connector.id)
      ? 'running'
      : !isApproved
        ? 'awaiting-approval'
        : connector.paused
          ? 'paused'
          : 'ready',
  }
}

/** Refuses `data_tenant.not_found`, `account.role_too_low`, `connector.not_found`. */
async function asked(
  { access, state }: ConnectorPagesDeps,
  c: Context<PersonEnv>,
  needed: 'viewer' | 'operator',
): Promise<Asked> {
  const member = await askedTenant(access, c, needed)
  const connector = await state.connectors.store.find(member.tenant.id, c.req.param('connector') ?? '')
  return { member, connector, path: `${listPath(member)}/${connector.name}` }
}

/** Of a member who is an owner of this Runtime; who is no member is told nothing. Refuses `account.role_too_low` as well. */
async function askedOfOwner(deps: ConnectorPagesDeps, c: Context<PersonEnv>): Promise<Asked> {
  const about = await asked(deps, c, 'viewer')
  if (!isOwnerOf(c.var.user)) throw new RoleTooLow('this needs the role owner on this Runtime')
  return about
}

function listPath({ tenant }: Member): string {
  return `${tenantPath(tenant)}/~connectors`
}

/** The page of a connector, or with `title` one below it. */
function below(member: Member, { name }: Connector, path: string, view: FormShown['view'], title?: string): FormShown {
  const { crumbs = [], ...shown } = framed(title ?? name, view, member)
  const above = [
    { href: listPath(member), label: 'Connectors' },
    ...(title === undefined ? [] : [{ href: path, label: name }]),
  ]
  return { ...shown, crumbs: [...crumbs, ...above] }
}

async function fitting(
  { state }: ConnectorPagesDeps,
  { credentials }: { credentials: readonly string[] },
): Promise<string[]> {
  return (await state.vault.list()).filter(({ kind }) => credentials.includes(kind)).map(({ name }) => name)
}

/** What the form says, as the API would have it. */
async function wantedOf(type: ReturnType<typeof connectorType>, input: Texts) {
  const text = (name: string): string => (typeof input[name] === 'string' ? input[name].trim() : '')
  const config: Record<string, unknown> = {}
  for (const { name, kind } of type.settings) {
    const value = text(SETTING + name)
    if (kind === 'switch') config[name] = value === 'yes'
    else if (value !== '') config[name] = await settingOf(name, kind, value)
  }
  return {
    ...{
      config,
      credential: text('credential') || null,
      cron: text('cron') || null,
      timeZone: text('timeZone') || 'UTC',
    },
    network: text('network') === 'private' ? ('private' as const) : ('public' as const),
  }
}

async function settingOf(name: string, kind: string, value: string): Promise<unknown> {
  if (kind === 'list') return value.split(/[,\s]+/).filter((one) => one !== '')
  if (kind === 'number') return Number(value)
  if (kind !== 'structure') return value.replaceAll('\r\n', '\n')
  const { parse } = await import('yaml')
  try {
    return parse(value)
  } catch {
    throw new ConnectorUnfit(`${name} is not YAML`)
  }
}

async function valuesOf({
  type,
  config,
  credential,
  network,
  cron,
  timeZone,
}: Connector): Promise<Record<string, string>> {
  const values: Record<string, string> = { credential: credential ?? '', network, cron: cron ?? '', timeZone }
  const { stringify } = await import('yaml')
  for (const { name, kind } of connectorType(type).settings) {
    const value = (config as Record<string, unknown>)[name]
    if (value === undefined) continue
    if (kind === 'structure') values[SETTING + name] = stringify(value)
    else values[SETTING + name] = Array.isArray(value) ? value.join(', ') : String(value)
  }
  return values
}
