/** Sentences of errors, advice and rules as pages show them: what stands between backticks is code. */
import type { View } from './view.ts'

export function Words({ text }: { text: string }): View {
  return <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part))}</>
}

/** With a capital at its beginning and a full stop at its end. */
export function sentence(text: string): string {
  const capital = `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`
}
