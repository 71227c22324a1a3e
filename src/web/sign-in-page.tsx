/** The pages that stand before a session: sign in, open a one-time link, set a password. */
import { Field, FormError } from './form.tsx'
import { PlainLayout } from './layout.tsx'
import type { Place } from './place.ts'
import type { View } from './view.ts'

export type SignInProps = {
  place: Place
  /** Where the form posts to: fields `name`, `password` and, if given, `next`. */
  action: string
  /** The page to go on to afterwards; checked by whoever handles the form. */
  next?: string
  name?: string
  failure?: { message: string; advice?: string }
  /** Another way in: what it is called, and where it begins. */
  provider?: { label: string; href: string }
}

/** Name and password; the failure of the attempt before, without saying which of the two was wrong. */
export function SignInPage(props: SignInProps): View {
  return (
    <PlainLayout place={props.place} title="Sign in">
      <form class="card gate" method="post" action={props.action}>
        <h1>Sign in</h1>
        {props.failure !== undefined && <FormError {...props.failure} />}
        {props.next !== undefined && <input type="hidden" name="next" value={props.next} />}
        <Field
          name="name"
          label="Name"
          value={props.name ?? ''}
          autocomplete="username"
          required
          autofocus={props.name === undefined}
          lengthMax={64}
        />
        <Field
          name="password"
          label="Password"
          type="password"
          autocomplete="current-password"
          required
          autofocus={props.name !== undefined}
          lengthMax={256}
        />
        <button type="submit" class="button">
          Sign in
        </button>
        {props.provider !== undefined && (
          <a class="button quiet" href={props.provider.href}>
            Sign in with {props.provider.label}
          </a>
        )}
        <p class="help">
          No password, or a forgotten one? An owner gives you a one-time link; the first owner's is printed when the{' '}
          {props.place.kind === 'platform' ? 'Platform' : 'Runtime'} starts.
        </p>
      </form>
    </PlainLayout>
  )
}

export type SecondStepProps = {
  place: Place
  /** Where the form posts to: fields `code` and `next`. */
  action: string
  next: string
  /** Where one begins again. */
  again: string
  failure?: { message: string; advice?: string }
}

/** The password was right, and the account has an authenticator. */
export function SecondStepPage(props: SecondStepProps): View {
  return (
    <PlainLayout place={props.place} title="Code">
      <form class="card gate" method="post" action={props.action}>
        <h1>Your code</h1>
        {props.failure !== undefined && <FormError {...props.failure} />}
        <input type="hidden" name="next" value={props.next} />
        <Field
          name="code"
          label="Code"
          autocomplete="one-time-code"
          required
          autofocus
          lengthMax={32}
          help="The six digits that your authenticator shows, or one of your recovery codes."
        />
        <button type="submit" class="button">
          Sign in
        </button>
        <a href={props.again}>Begin again</a>
      </form>
    </PlainLayout>
  )
}

/** Where the form posts to: fields `token` and, if asked for, `password`. */
export type OneTimeLinkProps = {
  place: Place
  action: string
  token: string
  name: string
  /** A link for a new password asks for it before it is used up. */
  asksPassword: boolean
  passwordLengthMin: number
  failure?: { message: string; advice?: string }
  passwordError?: string
}

/** What a one-time link opens. Nothing is used up until the form is sent, so that a mail scanner's visit does no harm. */
export function OneTimeLinkPage(props: OneTimeLinkProps): View {
  const title = props.asksPassword ? 'Set your password' : `Sign in as ${props.name}`
  return (
    <PlainLayout place={props.place} title={title}>
      <form class="card gate" method="post" action={props.action}>
        <h1>{title}</h1>
        {props.failure !== undefined && <FormError {...props.failure} />}
        <input type="hidden" name="token" value={props.token} />
        {props.asksPassword ? (
          <NewPassword name={props.name} lengthMin={props.passwordLengthMin} error={props.passwordError} />
        ) : (
          <p>This link signs you in once. It works for an hour after it was made.</p>
        )}
        <button type="submit" class="button">
          {props.asksPassword ? 'Set password and sign in' : 'Sign in'}
        </button>
      </form>
    </PlainLayout>
  )
}

function NewPassword(props: { name: string; lengthMin: number; error: string | undefined }): View {
  return (
    <>
      {/* Password managers store the new password under this name. */}
      <Field name="name" label="Name" value={props.name} autocomplete="username" readonly />
      <Field
        name="password"
        label="New password"
        type="password"
        autocomplete="new-password"
        required
        autofocus
        lengthMin={props.lengthMin}
        lengthMax={256}
        error={props.error}
        help={`At least ${props.lengthMin} characters. A few words that only you would put together are best.`}
      />
    </>
  )
}
