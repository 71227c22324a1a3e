/** Several filters at once, for lists that one text does not find their way through: logs, the audit trail. */
import type { Child } from 'hono/jsx'
import type { View } from './view.ts'

/** Fields in a row (stacked on a phone), asked by GET, so that what is filtered has an address. `clear` is the address without any. */
export function Filters(props: { action: string; label: string; clear?: string | undefined; children?: Child }): View {
  return (
    <search>
      <form class="filters card" method="get" action={props.action} aria-label={props.label}>
        {props.children}
        <div class="acts">
          <button type="submit" class="button quiet">
            Filter
          </button>
          {props.clear !== undefined && (
            <a class="button quiet" href={props.clear}>
              Clear
            </a>
          )}
        </div>
      </form>
    </search>
  )
}
