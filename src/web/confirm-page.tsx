/** The page before a dangerous act, in a session that has not proved itself lately. */
import { Field, FormError } from './form.tsx'
import { PlainLayout } from './layout.tsx'
import type { Place } from './place.ts'
import type { View } from './view.ts'

export type ConfirmProps = {
  place: Place
  /** Where the form posts to: fields `next` and what is asked for, `password` or `code`. */
  action: string
  /** Where it goes on. */
  next: string
  /** Where "Not now" leads: the page to go on to would only ask again. */
  home: string
  /** Who is signed in. */
  name: string
  /** What the account proves itself by here: the code of its authenticator, its password, or nothing. */
  asks: 'code' | 'password' | 'nothing'
  /** Another way: what it is called, and where it begins. */
  provider?: { label: string; href: string }
  failure?: { message: string; advice?: string }
}

/** The authenticator's code where there is one, else the password; or the provider asks. */
export function ConfirmPage(props: ConfirmProps): View {
  return (
    <PlainLayout place={props.place} title="Confirm that it is you">
      <form class="card gate" method="post" action={props.action}>
        <h1>Confirm that it is you</h1>
        <p>What you are about to do can't be undone easily. You will not be asked again for ten minutes.</p>
        {props.failure !== undefined && <FormError {...props.failure} />}
        <input type="hidden" name="next" value={props.next} />
        {/* Password managers look for the account here. */}
        <Field name="name" label="Name" value={props.name} autocomplete="username" readonly />
        {props.asks === 'password' && (
          <Field
            name="password"
            label="Password"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            lengthMax={256}
          />
        )}
        {props.asks === 'code' && (
          <Field
            name="code"
            label="Code"
            autocomplete="one-time-code"
            required
            autofocus
            lengthMax={32}
            help="The six digits that your authenticator shows, or one of your recovery codes."
          />
        )}
        {props.asks !== 'nothing' && (
          <button type="submit" class="button">
            Go on
          </button>
        )}
        {props.provider !== undefined && (
          <a class={props.asks === 'nothing' ? 'button' : 'button quiet'} href={props.provider.href}>
            Confirm with {props.provider.label}
          </a>
        )}
        {props.asks === 'nothing' && props.provider === undefined && (
          <p>This account has neither password nor authenticator. Sign out, and in again by a one-time link.</p>
        )}
        <a href={props.home}>Not now</a>
      </form>
    </PlainLayout>
  )
}
