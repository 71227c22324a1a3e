/** Places in a request for what a run is at: `{since}` in a parameter, `{token}` in a body. */

const PLACES = ['since', 'after', 'page', 'offset', 'token', 'size'] as const
export type PlaceName = (typeof PLACES)[number]
export type PlaceValues = Partial<Record<PlaceName, string | number>>

const PLACE = new RegExp(`\\{(${PLACES.join('|')})\\}`, 'g')

/** Whether such a place is anywhere in it. */
export function hasPlace(value: unknown, name: PlaceName): boolean {
  if (typeof value === 'string') return value.includes(`{${name}}`)
  return typeof value === 'object' && value !== null && Object.values(value).some((one) => hasPlace(one, name))
}

/**
 * The same with its places filled in; `undefined` for a text with a place that has no value, and without what would hold it. A text that
 * is nothing but a place becomes the value itself: a number stays one.
 */
export function filled(value: unknown, values: PlaceValues): unknown {
  if (typeof value === 'string') return filledText(value, values)
  if (Array.isArray(value)) return value.map((one) => filled(one, values)).filter((one) => one !== undefined)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, one]) => [name, filled(one, values)] as const)
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined))
}

function filledText(text: string, values: PlaceValues): string | number | undefined {
  const names = [...text.matchAll(PLACE)].map(([, name]) => name as PlaceName)
  if (names.some((name) => values[name] === undefined)) return undefined
  if (names.length === 1 && text === `{${names[0]}}`) return values[names[0] as PlaceName]
  return text.replace(PLACE, (_, name: PlaceName) => String(values[name]))
}
