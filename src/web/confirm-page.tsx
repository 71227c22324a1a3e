/** The page before a dangerous act, in a session that has not proved itself lately. */
import { Field, FormError } from './form.tsx'
import { PlainLayout } from './layout.tsx'
import type { Place } from './place.ts'
import type { View } from './view.ts'

/** A form that waits for the proof: where it is sent, its fields in order, and whether secrets or files of it stayed behind. */
export type CarriedForm = { to: string; fields: readonly (readonly [string, string])[]; incomplete: boolean }

/** Before the names of fields that the page only holds. */
export const CARRIED_PREFIX = 'with.'

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
  /** What was sent already; it is held here, and done with the proof. Sent as `to`, `incomplete`, and fields after `CARRIED_PREFIX`. */
  carried?: CarriedForm | undefined
}

/** The authenticator's code where there is one, else the password; or the provider asks. */
export function ConfirmPage(props: ConfirmProps): View {
  return (
    <PlainLayout place={props.place} title="Confirm that it is you">
      <form class="card gate" method="post" action={props.action}>
        <h1>Confirm that it is you</h1>
        <p>What you are about to do can't be undone easily. You will not be asked again for ten minutes.</p>
        {props.carried !== undefined && <p>{props.carried.incomplete ? KEPT_BUT_SECRETS : KEPT}</p>}
        {props.failure !== undefined && <FormError {...props.failure} />}
        <input type="hidden" name="next" value={props.next} />
        {props.carried !== undefined && <Carried {...props.carried} />}
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
          <ByProvider {...props.provider} first={props.asks === 'nothing'} holds={props.carried !== undefined} />
        )}
        {props.asks === 'nothing' && props.provider === undefined && (
          <p>This account has neither password nor authenticator. Sign out, and in again by a one-time link.</p>
        )}
        <a href={props.home}>Not now</a>
      </form>
    </PlainLayout>
  )
}

const KEPT = 'What you filled in is kept here, and is done as soon as you have confirmed.'
const KEPT_BUT_SECRETS =
  'What you filled in is kept here, but for what is secret and for files: you are asked for those once more.'

function Carried({ to, fields, incomplete }: CarriedForm): View {
  return (
    <>
      <input type="hidden" name="to" value={to} />
      {incomplete && <input type="hidden" name="incomplete" value="yes" />}
      {fields.map(([name, value]) => (
        <input type="hidden" name={`${CARRIED_PREFIX}${name}`} value={value} />
      ))}
    </>
  )
}

/** The way to the provider leaves the page: where that holds a form, it is taken in another tab. */
function ByProvider({
  label,
  href,
  first,
  holds,
}: {
  label: string
  href: string
  first: boolean
  holds: boolean
}): View {
  const look = first ? 'button' : 'button quiet'
  if (!holds) {
    return (
      <a class={look} href={href}>
        Confirm with {label}
      </a>
    )
  }
  return (
    <>
      <a class={look} href={href} target="_blank" rel="noopener">
        Confirm with {label}, in another tab
      </a>
      <button type="submit" class="button quiet" formnovalidate>
        I have confirmed there: go on
      </button>
    </>
  )
}
