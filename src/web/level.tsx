/** How serious a line of a log is, in its own word; what went wrong stands out among the others. */
import type { View } from './view.ts'

const LOUD: Readonly<Record<string, string>> = { error: 'failed', warning: 'late' }

export function Level({ level }: { level: 'debug' | 'info' | 'warning' | 'error' }): View {
  return level in LOUD ? <b class={LOUD[level]}>{level}</b> : <span>{level}</span>
}
