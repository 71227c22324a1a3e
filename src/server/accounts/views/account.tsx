/** “Your account”: how one signs in, where one is signed in, and which tokens speak for one. */
import type { SessionSummary, UserSummary } from '../../../accounts/mod.ts'
import { Ago, Facts, Field, Form, type View } from '../../../web/mod.ts'
import { Sessions } from './people.tsx'
import { PostButton } from './post-button.tsx'
import { Tokens, type TokensProps } from './tokens.tsx'

export type AccountProps = {
  /** Address of this page. */
  path: string
  user: UserSummary
  totp: { since: number | null; recoveryCodesLeft: number }
  identities: readonly { issuer: string; since: number }[]
  /** What the OpenID provider is called, where there is one. */
  provider: string | undefined
  sessions: readonly SessionSummary[]
  /** Id of the session that asks. */
  current: string | undefined
  tokens: TokensProps['tokens']
  nowMs: number
}

export function Account(props: AccountProps): View {
  const { path, user, sessions, current, tokens, nowMs } = props
  return (
    <>
      <SignInWays {...props} />
      <Sessions {...{ sessions, current, end: `${path}/sessions/end`, nowMs }} />
      {sessions.length > 1 && (
        <PostButton action={`${path}/sessions/end-others`} label="End all sessions but this one" />
      )}
      <Tokens
        {...{ tokens, revoke: `${path}/tokens/revoke`, nowMs }}
        action={
          <a class="button quiet" href={`${path}/tokens/new`}>
            {`Make a token for ${user.name}`}
          </a>
        }
      />
    </>
  )
}

function SignInWays({ path, user, totp, identities, provider, nowMs }: AccountProps): View {
  const { since, recoveryCodesLeft } = totp
  return (
    <section class="card form" aria-labelledby="ways-title">
      <h2 id="ways-title">How you sign in</h2>
      <Facts
        rows={[
          ['Name', user.name],
          ['Role', user.role],
          ['Password', user.hasPassword ? 'Set' : 'None'],
          [
            'Authenticator',
            since === null ? (
              'None'
            ) : (
              <>
                Set up <Ago at={since} now={nowMs} />, {recoveryCodesLeft} recovery codes left
              </>
            ),
          ],
          ...identities.map(({ issuer, since: linked }) => {
            const words = (
              <>
                {issuer}, linked <Ago at={linked} now={nowMs} />
              </>
            )
            return ['OpenID', words] as const
          }),
        ]}
      />
      <div class="acts">
        <a class="button quiet" href={`${path}/password`}>
          {user.hasPassword ? 'Change the password' : 'Set a password'}
        </a>
        <a class="button quiet" href={`${path}/totp`}>
          {since === null ? 'Set up an authenticator' : 'Authenticator and recovery codes'}
        </a>
        {provider !== undefined && identities.length === 0 && (
          <a class="button quiet" href={`${path}/link`}>
            {`Link your account at ${provider}`}
          </a>
        )}
        {identities.length > 0 && <PostButton action={`${path}/unlink`} label="Unlink the OpenID account" />}
      </div>
    </section>
  )
}

export type NewPasswordProps = {
  action: string
  cancel: string
  /** For password managers. */
  name: string
  lengthMin: number
  error?: string | undefined
}

export function NewPassword({ action, cancel, name, lengthMin, error }: NewPasswordProps): View {
  return (
    <Form action={action} submit="Set the password" cancel={{ label: 'Cancel', href: cancel }}>
      <Field name="name" label="Name" value={name} autocomplete="username" readonly />
      <Field
        name="password"
        label="New password"
        type="password"
        autocomplete="new-password"
        required
        autofocus
        lengthMin={lengthMin}
        lengthMax={256}
        error={error}
        help={`At least ${lengthMin} characters. Your other sessions end.`}
      />
    </Form>
  )
}
