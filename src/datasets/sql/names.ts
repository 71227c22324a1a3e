/** Names of datasets and fields as SQL has them. */

/** Words of SQLite's SQL (https://sqlite.org/lang_keywords.html), which are no names without quotes. */
const KEYWORDS: ReadonlySet<string> = new Set(
  `abort action add after all alter always analyze and as asc attach autoincrement before begin between by cascade case cast check collate
  column commit conflict constraint create cross current current_date current_time current_timestamp database default deferrable deferred
  delete desc detach distinct do drop each else end escape except exclude exclusive exists explain fail filter first following for foreign
  from full generated glob group groups having if ignore immediate in index indexed initially inner insert instead intersect into is isnull
  join key last left like limit match materialized natural no not nothing notnull null nulls of offset on or order others outer over
  partition plan pragma preceding primary query raise range recursive references regexp reindex release rename replace restrict returning
  right rollback row rows savepoint select set table temp temporary then ties to transaction trigger unbounded union unique update using
  vacuum values view virtual when where window with without`.split(/\s+/),
)

/** In quotes, whatever is in it. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** As people write it: in quotes only where it needs them. */
export function writtenName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.has(name.toLowerCase()) ? name : quotedName(name)
}

/** SQL does not tell `Name` from `name`: the second is `name_2`. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let given = name
    for (let n = 2; taken.has(folded(given)); n++) given = `${name}_${n}`
    taken.add(folded(given))
    return given
  })
}

/** As SQLite compares names. */
function folded(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
