/** One act by one click: a form that has nothing to fill in. */
import type { View } from '../../../web/mod.ts'

export type PostButtonProps = {
  action: string
  label: string
  /** What it does to what, where the label alone does not say: read out in place of it. */
  describes?: string
  hidden?: Readonly<Record<string, string>>
  danger?: boolean
}

/** The form with its one button. */
export function PostButton(props: PostButtonProps): View {
  return (
    <form method="post" action={props.action}>
      {Object.entries(props.hidden ?? {}).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button type="submit" class={props.danger ? 'button danger' : 'button quiet'} aria-label={props.describes}>
        {props.label}
      </button>
    </form>
  )
}
