/** What to do about a version that a Runtime refused, as who deployed it reads it: most of it is for that Runtime's owner. */
import type { Reason } from '../../wire/mod.ts'

const CURES: readonly [prefix: string, (runtime: string) => string][] = [
  [
    'credential.missing',
    (runtime) => `Its owner sets it on ${runtime}: \`sluice credential set\`; then deploy it again.`,
  ],
  [
    'library.missing',
    (runtime) => `Its owner installs it on ${runtime}: \`sluice library install\`; then deploy it again.`,
  ],
  [
    'peer.unknown',
    () => 'The owners of both Runtimes exchange introductions: `sluice peer introduce`; then deploy it again.',
  ],
  [
    'policy.',
    (runtime) =>
      `The rules of ${runtime} forbid it: have its owner change them, or change the Blueprint; then deploy it again.`,
  ],
]

/** Of the first reason that has one. */
export function cureOf(reasons: readonly Reason[], runtime: string): string | undefined {
  for (const { code } of reasons) {
    const [, words] = CURES.find(([prefix]) => code.startsWith(prefix)) ?? []
    if (words) return words(runtime)
  }
  return undefined
}
