/** A part of a page that a live stream may replace: an element with an id, its content by a function of props. */
import type { Child } from 'hono/jsx'
import type { View } from './view.ts'

/** Element id → its new content. */
export type Regions = Record<string, View>

/** The element; `id` is unique on its page. */
export function Region(props: { id: string; class?: string; children?: Child }): View {
  return (
    <div id={props.id} class={props.class} data-region>
      {props.children}
    </div>
  )
}
