/** What a browser calls itself, in words a person knows: `Firefox on Linux`; the whole of it on hover. Anyone can claim anything. */
import type { View } from '../../../web/mod.ts'

/** The first that fits counts: most call themselves by the names of others as well. */
const BROWSERS = [
  ['Edge', /\bEdg(e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\b(Firefox|FxiOS)\//],
  ['Chrome', /\b(Headless)?(Chrome|CriOS|Chromium)\//],
  ['Safari', /\bSafari\//],
] as const
const SYSTEMS = [
  ['Android', /\bAndroid\b/],
  ['iOS', /\b(iPhone|iPad)\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
] as const

const OTHER_LENGTH_MAX = 40

export function BrowserName({ userAgent }: { userAgent: string }): View {
  const fits = ([, form]: readonly [string, RegExp]): boolean => form.test(userAgent)
  const [browser, system] = [BROWSERS.find(fits)?.[0], SYSTEMS.find(fits)?.[0]]
  const named = browser && (system ? `${browser} on ${system}` : browser)
  return <span title={userAgent}>{named ?? (userAgent.slice(0, OTHER_LENGTH_MAX) || '–')}</span>
}
