/** API tokens: which there are, and the form for one more. Their secrets are shown once, by the page that follows. */
import type { Accounts } from '../../../accounts/mod.ts'
import { Ago, type Failure, Field, type FieldErrors, Form, Id, NameField, Table, type View } from '../../../web/mod.ts'
import { PostButton } from './post-button.tsx'

export type TokensProps = {
  tokens: Awaited<ReturnType<Accounts['listApiTokens']>>
  /** Names by user id, where they are of several. */
  names?: ReadonlyMap<string, string>
  /** Where the form posts to that revokes one: field `token`. */
  revoke: string
  nowMs: number
  /** The way to another. */
  action?: View
}

export function Tokens({ tokens, names, revoke, nowMs, action }: TokensProps): View {
  const who = names ? [{ title: 'User' }] : []
  return (
    <Table
      id="tokens"
      title="API tokens"
      columns={[...who, { title: 'Name' }, { title: 'Id' }, { title: 'Last used' }, { title: 'Ends' }, { title: '' }]}
      rows={tokens.map((token) => ({
        cells: [
          ...(names ? [names.get(token.user) ?? token.user] : []),
          token.name,
          <Id value={token.id} label="token id" />,
          token.usedAt === null ? 'Never' : <Ago at={token.usedAt} now={nowMs} />,
          <Ago at={token.expiresAt} now={nowMs} />,
          <PostButton
            action={revoke}
            hidden={{ token: token.id }}
            label="Revoke"
            describes={`Revoke the token ${token.name}`}
          />,
        ],
      }))}
      empty="No tokens. A token lets a program ask in a person’s name, a CI job for instance."
      {...(action && { action })}
    />
  )
}

export type NewTokenProps = {
  action: string
  cancel: string
  name?: string | undefined
  days?: string | undefined
  failure?: Failure | undefined
  errors?: FieldErrors
}

export function NewToken({ action, cancel, name, days, failure, errors = {} }: NewTokenProps): View {
  return (
    <Form action={action} submit="Make the token" failure={failure} cancel={{ label: 'Cancel', href: cancel }}>
      <NameField value={name} error={errors['name']} help="What asks with it: the CI job, the script." />
      <Field
        name="days"
        label="Days until it ends"
        value={days ?? '90'}
        error={errors['days']}
        required
        inputmode="numeric"
        lengthMax={3}
        help="1 to 366. It may do what you may, until then or until it is revoked."
      />
    </Form>
  )
}
