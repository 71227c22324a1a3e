/** Settings › People: who may sign in, and how. */
import type { Role, SessionSummary, UserSummary } from '../../../accounts/mod.ts'
import {
  Ago,
  Facts,
  type Failure,
  Field,
  type FieldErrors,
  Form,
  Id,
  type Listing,
  NameField,
  Select,
  Table,
  type View,
} from '../../../web/mod.ts'
import { BrowserName } from './browser-name.tsx'
import { PostButton } from './post-button.tsx'

export const ROLE_OPTIONS = [
  { value: 'viewer', label: 'Viewer: sees everything but secrets' },
  { value: 'operator', label: 'Operator: stops and restarts, answers dead letters' },
  { value: 'owner', label: 'Owner: decides what runs, and who may do what' },
]

export type PeopleProps = {
  /** Address of this page. */
  path: string
  users: readonly UserSummary[]
  total: number
  listing: Listing
  /** What an owner sees beside the list. */
  rules: { totpDemanded: boolean; provider: string | undefined } | undefined
  nowMs: number
}

export function People({ path, users, total, listing, rules, nowMs }: PeopleProps): View {
  return (
    <>
      <Table
        id="users"
        title="Users"
        filterLabel="Filter by name or role"
        columns={[
          { title: 'Name', sort: 'name' },
          { title: 'Role', sort: 'role' },
          { title: 'State' },
          { title: 'Signs in by' },
          { title: 'Since', sort: 'since' },
        ]}
        {...{ listing, total }}
        rows={users.map((user) => ({
          href: `${path}/${user.id}`,
          cells: [user.name, user.role, stateOf(user), waysOf(user), <Ago at={user.createdAt} now={nowMs} />],
        }))}
      />
      {rules !== undefined && <Rules path={path} {...rules} />}
    </>
  )
}

function Rules({ path, totpDemanded, provider }: NonNullable<PeopleProps['rules']> & { path: string }): View {
  return (
    <section class="card form" aria-labelledby="rules-title">
      <h2 id="rules-title">How people sign in</h2>
      <Facts
        rows={[
          ['Authenticator', totpDemanded ? 'Demanded of everyone' : 'Everyone’s own choice'],
          ['OpenID provider', provider ?? 'None'],
        ]}
      />
      <div class="acts">
        <PostButton
          action={`${path}/demand-totp`}
          hidden={{ demanded: totpDemanded ? 'no' : 'yes' }}
          label={totpDemanded ? 'Leave authenticators free' : 'Demand an authenticator of everyone'}
        />
        <a class="button quiet" href={`${path}/provider`}>
          {provider === undefined ? 'Set up an OpenID provider' : 'Change the OpenID provider'}
        </a>
        <a class="button quiet" href={`${path}/sessions`}>
          Everyone’s sessions and tokens
        </a>
      </div>
    </section>
  )
}

export type InviteProps = {
  path: string
  name?: string | undefined
  role?: string | undefined
  failure?: Failure | undefined
  errors?: FieldErrors
}

export function Invite({ path, name, role, failure, errors = {} }: InviteProps): View {
  return (
    <Form action={`${path}/invite`} submit="Make the link" failure={failure} cancel={{ label: 'Cancel', href: path }}>
      <NameField
        value={name}
        error={errors['name']}
        help="What they type to sign in; a mail address fits. 1 to 64 characters of a-z, 0-9 and . _ @ + -"
      />
      <Select name="role" label="Role" options={ROLE_OPTIONS} value={role ?? 'viewer'} error={errors['role']} />
    </Form>
  )
}

export type UserProps = {
  /** Address of the list. */
  path: string
  user: UserSummary
  /** With `name` and `href` as far as who looks may know them. */
  dataTenants: readonly { dataTenant: string; name?: string; href?: string; role: Role; since: number }[]
  /** Alive sessions, for an owner. */
  sessions: readonly SessionSummary[] | undefined
  nowMs: number
}

export function UserPage({ path, user, dataTenants, sessions, nowMs }: UserProps): View {
  const own = `${path}/${user.id}`
  return (
    <>
      <div class="card">
        <Facts
          rows={[
            ['Role', user.role],
            ['State', stateOf(user)],
            ['Signs in by', waysOf(user)],
            ['Since', <Ago at={user.createdAt} now={nowMs} />],
            ['Id', <Id value={user.id} label="user id" />],
          ]}
        />
      </div>
      {sessions !== undefined && (
        <div class="acts">
          <a class="button quiet" href={`${own}/change`}>
            Change name or role
          </a>
          <PostButton action={`${own}/link`} label="Make a one-time link" />
          {user.hasTotp && <PostButton action={`${own}/reset-totp`} label="Take the authenticator away" />}
          {user.disabledAt === null ? (
            <PostButton action={`${own}/disable`} label="Disable" />
          ) : (
            <PostButton action={`${own}/enable`} label="Enable" />
          )}
          <a class="button danger" href={`${own}/remove`}>
            Remove
          </a>
        </div>
      )}
      {dataTenants.length > 0 && (
        <Table
          id="data-tenants"
          title="Data tenants"
          columns={[{ title: 'Data tenant' }, { title: 'Role' }, { title: 'Since' }]}
          rows={dataTenants.map(({ dataTenant, name, href, role, since }) => ({
            ...(href !== undefined && { href }),
            cells: [name ?? <Id value={dataTenant} label="data tenant" />, role, <Ago at={since} now={nowMs} />],
          }))}
        />
      )}
      {sessions !== undefined && <Sessions sessions={sessions} nowMs={nowMs} end={`${own}/end-session`} />}
    </>
  )
}

export type SessionsProps = {
  sessions: readonly SessionSummary[]
  /** Of the browser that asks: it cannot be ended here. */
  current?: string | undefined
  /** Names by user id, where they are of several. */
  names?: ReadonlyMap<string, string>
  /** Where the form posts to that ends one: field `session`. */
  end: string
  nowMs: number
}

/** Where somebody is signed in, and the way to end it. */
export function Sessions({ sessions, current, names, end, nowMs }: SessionsProps): View {
  const who = names ? [{ title: 'User' }] : []
  return (
    <Table
      id="sessions"
      title="Sessions"
      columns={[
        ...who,
        { title: 'Address' },
        { title: 'Browser' },
        { title: 'Since' },
        { title: 'Last seen' },
        { title: '' },
      ]}
      rows={sessions.map((session) => ({
        cells: [
          ...(names ? [names.get(session.user) ?? session.user] : []),
          session.address,
          <BrowserName userAgent={session.userAgent} />,
          <Ago at={session.createdAt} now={nowMs} />,
          <Ago at={session.seenAt} now={nowMs} />,
          session.id === current ? (
            'This one'
          ) : (
            <PostButton
              action={end}
              hidden={{ session: session.id }}
              label="End"
              describes={`End the session from ${session.address}`}
            />
          ),
        ],
      }))}
      empty="Nobody is signed in."
    />
  )
}

export type ChangeUserProps = {
  path: string
  user: { id: string; name: string; role: string }
  failure?: Failure | undefined
  errors?: FieldErrors
}

export function ChangeUser({ path, user, failure, errors = {} }: ChangeUserProps): View {
  return (
    <Form
      action={`${path}/${user.id}/change`}
      submit="Change"
      failure={failure}
      cancel={{ label: 'Cancel', href: `${path}/${user.id}` }}
    >
      <Field name="name" label="Name" value={user.name} error={errors['name']} required lengthMax={64} />
      <Select
        name="role"
        label="Role"
        options={ROLE_OPTIONS}
        value={user.role}
        error={errors['role']}
        help="Holds from the next request on, in sessions that are open too."
      />
    </Form>
  )
}

function stateOf(user: UserSummary): string {
  if (user.disabledAt !== null) return 'Disabled'
  return user.hasPassword || user.hasIdentity ? 'Active' : 'Invited'
}

function waysOf(user: UserSummary): string {
  const ways = [user.hasPassword && 'password', user.hasIdentity && 'OpenID', user.hasTotp && 'authenticator']
  return ways.filter((way) => way !== false).join(', ') || '–'
}
