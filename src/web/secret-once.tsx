/** A secret that is shown this one time: big, to copy, and acknowledged before leaving. */
import type { Child } from 'hono/jsx'
import { CopyButton } from './figures.tsx'
import type { View } from './view.ts'

export type SecretOnceProps = {
  /** What it is: `Enrolment code`, `Upload token`. */
  title: string
  secret: string
  /** What it is good for, how long, and that it can't be shown again. */
  explains: Child
  /** Ways to use it, each a snippet under its own tab (one per CI system, say). */
  uses?: readonly { name: string; snippet: string }[]
  /** Where `I have stored it` leads. */
  done: string
}

/** The secret, its uses, and the check that it was stored, without which the page is not left unasked. */
export function SecretOnce(props: SecretOnceProps): View {
  return (
    <section class="card secret" aria-labelledby="secret-title">
      <h2 id="secret-title">{props.title}</h2>
      <p>{props.explains}</p>
      <div class="secret-value">
        <code id="secret">{props.secret}</code>
        <CopyButton text={props.secret} label={`Copy ${props.title.toLowerCase()}`} />
      </div>
      {(props.uses ?? []).map((use, i) => (
        <details name="uses" open={i === 0}>
          <summary>{use.name}</summary>
          <div class="command">
            <code>{use.snippet}</code>
            <CopyButton text={use.snippet} label={`Copy the ${use.name} snippet`} small />
          </div>
        </details>
      ))}
      <form method="get" action={props.done} data-stored>
        <label class="check">
          <input type="checkbox" required /> I have stored it. It will not be shown again.
        </label>
        <button type="submit" class="button">
          Done
        </button>
      </form>
    </section>
  )
}
