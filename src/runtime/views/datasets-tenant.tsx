/** The page of a data tenant: its members, and its end. */
import { CLEARANCES, ROLES } from '../../accounts/mod.ts'
import type { DangerProps, FailedForm } from '../../server/mod.ts'
import { Ago, Facts, Field, Form, Id, Select, Table, type View } from '../../web/mod.ts'
import type { ListedMember } from '../datasets/tenant-acts.ts'

export type TenantProps = {
  tenant: { id: string; name: string; createdAtMs: number }
  members: readonly ListedMember[]
  /** Whether members may be added and removed, and the data tenant as well. */
  mayChange: boolean
  /** What was typed for another member, and why it was refused. */
  user?: string | undefined
  role?: string | undefined
  clearance?: string | undefined
  failed: FailedForm
  /** Of this page. */
  path: string
  nowMs: number
}

export function TenantPage(props: TenantProps): View {
  const { tenant, members, mayChange, path, nowMs } = props
  return (
    <>
      <section class="card form" aria-label="Facts">
        <Facts
          rows={[
            ['Id', <Id value={tenant.id} label="id of the data tenant" />],
            ['Made', <Ago at={tenant.createdAtMs} now={nowMs} />],
          ]}
        />
      </section>
      <Table
        id="members"
        title="Members"
        columns={[
          { title: 'Name' },
          { title: 'Role here' },
          { title: 'Cleared for' },
          { title: 'Since' },
          { title: '' },
        ]}
        rows={members.map(({ user, role, clearance, since }) => ({
          cells: [
            user.name,
            role,
            CLEARED_FOR[clearance],
            <Ago at={since} now={nowMs} />,
            mayChange && (
              <a class="button quiet" href={`${path}/members/${user.id}/remove`} aria-label={`Remove ${user.name}`}>
                Remove
              </a>
            ),
          ],
        }))}
      />
      {mayChange && <AddMember {...props} />}
      {mayChange && (
        <nav class="acts" aria-label="Danger">
          <a class="button danger" href={`${path}/remove`}>
            Remove this data tenant
          </a>
        </nav>
      )}
    </>
  )
}

function AddMember({ path, user, role, clearance, failed: { failure, errors } }: TenantProps): View {
  return (
    <section aria-labelledby="add-title">
      <h2 id="add-title">Add a member, or change a role or clearance</h2>
      <Form action={`${path}/members`} submit="Give the role" failure={failure}>
        <Field
          name="user"
          label="User"
          value={user}
          error={errors['user']}
          required
          lengthMax={256}
          help="The name of a user of this Runtime."
        />
        <Select
          name="role"
          label="Role here"
          options={ROLES.map((one) => ({ value: one, label: ROLE_WORDS[one] }))}
          value={role ?? 'viewer'}
          error={errors['role']}
          help="It counts in this data tenant alone, whatever the user is on this Runtime."
        />
        <Select
          name="clearance"
          label="Cleared for"
          options={[
            { value: '', label: 'as before; a new member for public fields' },
            ...CLEARANCES.map((one) => ({ value: one, label: CLEARED_FOR[one] })),
          ]}
          value={clearance ?? ''}
          error={errors['clearance']}
          help="What is restricted stands masked for who is not cleared for it. An owner is cleared for all."
        />
      </Form>
    </section>
  )
}

const CLEARED_FOR = {
  public: 'public fields',
  restricted: 'all fields',
} as const satisfies Record<(typeof CLEARANCES)[number], string>

const ROLE_WORDS = {
  viewer: 'viewer: looks at records',
  operator: 'operator: datasets, tokens, uploads',
  owner: 'owner: members, removal',
} as const satisfies Record<(typeof ROLES)[number], string>

export function tenantRemoval({ name, path }: { name: string; path: string }): DangerProps {
  return {
    ...{ action: `${path}/remove`, title: `Remove ${name}`, name, submit: 'Remove the data tenant' },
    says: 'Its datasets with all records and documents are destroyed together with their keys: also what a copy of the files still holds can no longer be read. Its upload tokens are refused, and its members lose it.',
    cancel: { label: 'Keep it', href: path },
  }
}

export function memberRemoval(about: { member: ListedMember; tenant: string; path: string }): DangerProps {
  const { member, tenant, path } = about
  const { id, name } = member.user
  return {
    ...{ action: `${path}/members/${id}/remove`, title: `Remove ${name}`, name, submit: 'Remove the member' },
    says: `From the next request on ${name} sees nothing of ${tenant}. Tokens that they made go on.`,
    cancel: { label: 'Cancel', href: path },
  }
}
