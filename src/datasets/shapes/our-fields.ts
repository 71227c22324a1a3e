/** The names of what every record has besides its document's fields: no document has a field of one of them. */

const OURS: ReadonlySet<string> = new Set(['_record', '_import', '_line', '_received_at', '_attributes'])

/** Whether a name is one of ours, as SQL compares names: whichever letters are large. */
export function isOurs(name: string): boolean {
  return name.startsWith('_') && OURS.has(name.toLowerCase())
}

/** Names for those of a dataset that has had one of ours from before: `_line` is `_line_2`, or the next that nothing else is called. */
export function besideOurs(names: readonly string[]): string[] {
  const taken = new Set(names.map((name) => name.toLowerCase()))
  return names.map((name) => {
    if (!isOurs(name)) return name
    let n = 2
    while (taken.has(`${name}_${n}`.toLowerCase())) n++
    taken.add(`${name}_${n}`.toLowerCase())
    return `${name}_${n}`
  })
}
