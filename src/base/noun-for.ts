/** `1 record`, `2 records`: the noun that stands behind a count. */

/** `many` where it is not `one` with an s: `nounFor(count, 'entry', 'entries')`. */
export function nounFor(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many
}
