/** The pages of an authenticator: what it is, its first code, and what is left of the recovery codes. */
import { CopyButton, type Failure, Field, Form, type View } from '../../../web/mod.ts'
import { PostButton } from './post-button.tsx'

export function NoTotp(props: { action: string }): View {
  return (
    <section class="card empty">
      <h2>A second proof that it is you</h2>
      <p>
        An application on your phone shows a new code every 30 seconds. With it, a stolen password alone lets nobody in.
        Any authenticator application does; nothing is sent to anyone.
      </p>
      <PostButton action={props.action} label="Show the secret" />
    </section>
  )
}

export type FirstCodeProps = {
  action: string
  /** Where one begins again. */
  again: string
  /** Shown once; after a wrong code the application has it already. */
  secret?: string
  qr?: View
  failure?: Failure | undefined
  error?: string | undefined
}

export function FirstCode({ action, again, secret, qr, failure, error }: FirstCodeProps): View {
  return (
    <Form action={action} submit="Put it in force" failure={failure} cancel={{ label: 'Begin again', href: again }}>
      {secret !== undefined && (
        <>
          <p>Let your authenticator application read this picture, or type the secret. It is shown this once.</p>
          {qr}
          <div class="secret-value">
            <code>{secret.match(/.{1,4}/g)?.join(' ')}</code>
            <CopyButton text={secret} label="Copy the secret" />
          </div>
        </>
      )}
      <Field
        name="code"
        label="The code that it shows now"
        error={error}
        autocomplete="one-time-code"
        inputmode="numeric"
        required
        autofocus
        lengthMax={16}
      />
    </Form>
  )
}

export function RecoveryCodes(props: { action: string; left: number }): View {
  return (
    <section class="card form" aria-labelledby="recovery-title">
      <h2 id="recovery-title">Recovery codes</h2>
      <p>
        {props.left === 0
          ? 'None is left: without the authenticator only an owner can let you in.'
          : `${props.left} are left. Each gets you in once when the authenticator is lost.`}
      </p>
      <PostButton action={props.action} label="Make new ones; those of before stop working" />
    </section>
  )
}
