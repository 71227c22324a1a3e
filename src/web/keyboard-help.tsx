/** The list that `?` opens: every key that does something. */
import type { NavEntry } from './place.ts'
import type { View } from './view.ts'

export function KeyboardHelp(props: { nav: readonly NavEntry[] }): View {
  return (
    <dialog id="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">Keyboard</h2>
      <dl class="keys">
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>Filter this page</dd>
        {props.nav.map((entry) => (
          <>
            <dt>
              <kbd>g</kbd> <kbd>{entry.key}</kbd>
            </dt>
            <dd>{entry.label}</dd>
          </>
        ))}
        <dt>
          <kbd>?</kbd>
        </dt>
        <dd>This list</dd>
        <dt>
          <kbd>Esc</kbd>
        </dt>
        <dd>Close, or leave the filter</dd>
      </dl>
      <form method="dialog">
        <button type="submit" class="button quiet">
          Close
        </button>
      </form>
    </dialog>
  )
}
