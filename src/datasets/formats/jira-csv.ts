/** Issues as Jira exports them to CSV: a column for each value, so that a field with several has its column several times. */
import { readCsvTable } from './csv.ts'
import { DocumentUnexpected } from './errors.ts'
import { type Item, type Json, quoted, warningItem } from './item.ts'
import { EPIC_LINK_NAME, type Issue, issueItem, POINTS_NAMES, projectOf } from './jira-issue.ts'
import { jiraInstantOf } from './times.ts'

/** Lower-case names of the columns of each field; the first that has a value counts. Jira Cloud has begun to say work item for issue. */
const COLUMNS = {
  key: ['issue key', 'work item key', 'key'],
  type: ['issue type', 'work item type', 'work type'],
  status: ['status'],
  status_category: ['status category'],
  summary: ['summary'],
  description: ['description'],
  priority: ['priority'],
  assignee: ['assignee'],
  reporter: ['reporter'],
  created_at: ['created'],
  updated_at: ['updated'],
  resolved_at: ['resolved', 'resolution date'],
  components: ['components', 'component/s'],
  labels: ['labels'],
  fix_versions: ['fix versions', 'fix version/s'],
  parent: ['parent key', EPIC_LINK_NAME, 'parent'],
  sprint: ['sprint'],
  points: POINTS_NAMES,
  project: ['project key'],
} as const satisfies Record<Exclude<keyof Issue, 'fields'>, readonly string[]>

type Field = keyof typeof COLUMNS

const OWN_COLUMNS: ReadonlySet<string> = new Set(Object.values(COLUMNS).flat())

/** Whether a header is that of an export of Jira. */
export function isJiraHeader(names: readonly string[]): boolean {
  const lower = names.map((name) => name.trim().toLowerCase())
  return ['issue key', 'work item key'].some((name) => lower.includes(name)) && lower.includes('summary')
}

/**
 * The issues in a CSV export in UTF-8. Times that do not say which number is the month stay in `fields`, with a warning. Fails as
 * `readCsvTable` does, and with `document.unexpected` when no column is the issues' key.
 */
export async function* readJiraCsv(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Item[]> {
  let columns: JiraColumns | undefined
  const batches = readCsvTable(bytes, { header: 'present' }, ({ names = [], line }) => {
    columns = new JiraColumns(names)
    if (!columns.has('key'))
      throw new DocumentUnexpected(line, 'expected a column `Issue key`, as exports of Jira have it, found none')
    return { columns: names.map((_, i) => `${i}`), warnings: [] }
  })
  for await (const batch of batches) yield batch.flatMap((item) => (columns ? columns.itemsOf(item) : []))
}

/** The columns of one export: which of them make up which field. */
class JiraColumns {
  /** Column numbers by lower-case name, without `Custom field (…)` around it. */
  readonly #byName = new Map<string, number[]>()
  readonly #names = new Map<string, string>()
  readonly #warned = new Set<string>()

  constructor(header: readonly string[]) {
    for (const [i, written] of header.entries()) {
      const name = /^custom field \((.*)\)$/i.exec(written)?.[1] ?? written
      const lower = name.toLowerCase()
      this.#byName.set(lower, [...(this.#byName.get(lower) ?? []), i])
      if (!this.#names.has(lower)) this.#names.set(lower, name)
    }
  }

  has(field: Field): boolean {
    return COLUMNS[field].some((name) => this.#byName.has(name))
  }

  /** A row as an issue, behind the warnings of what could not be read; what is no row stays as it is. */
  itemsOf(item: Item): Item[] {
    if (item.kind !== 'record') return [item]
    const { line, record } = item
    const row = (column: number): string => String(record[`${column}`] ?? '').trim()
    const others = this.#others(row)
    const warnings: Item[] = []
    const time = (field: 'created_at' | 'updated_at' | 'resolved_at'): string | null => {
      const text = this.#one(field, row)
      const read = text === null ? undefined : jiraInstantOf(text)
      if (text !== null && read === undefined) {
        others[COLUMNS[field][0]] = text
        warnings.push(...this.#warnOnce(line, field, text))
      }
      return read ?? null
    }
    const key = this.#one('key', row) ?? ''
    const points = Number(this.#one('points', row) ?? Number.NaN)
    const issue: Issue = {
      key,
      type: this.#one('type', row),
      status: this.#one('status', row),
      status_category: this.#one('status_category', row),
      summary: this.#one('summary', row),
      description: this.#one('description', row),
      priority: this.#one('priority', row),
      assignee: this.#one('assignee', row),
      reporter: this.#one('reporter', row),
      created_at: time('created_at'),
      updated_at: time('updated_at'),
      resolved_at: time('resolved_at'),
      components: this.#all('components', row),
      // A label has no blanks; older versions write all of them into one column.
      labels: this.#all('labels', row).flatMap((text) => text.split(/[\s,]+/).filter(Boolean)),
      fix_versions: this.#all('fix_versions', row),
      parent: this.#one('parent', row),
      sprint: this.#all('sprint', row).at(-1) ?? null,
      points: Number.isFinite(points) ? points : null,
      project: this.#one('project', row) ?? projectOf(key),
      fields: others,
    }
    return [...warnings, issueItem(line, issue)]
  }

  #all(field: Field, row: (column: number) => string): string[] {
    return COLUMNS[field].flatMap((name) => (this.#byName.get(name) ?? []).map(row)).filter((text) => text !== '')
  }

  #one(field: Field, row: (column: number) => string): string | null {
    return this.#all(field, row)[0] ?? null
  }

  #others(row: (column: number) => string): Record<string, Json> {
    const others: [string, Json][] = []
    for (const [lower, columns] of this.#byName) {
      if (OWN_COLUMNS.has(lower)) continue
      const texts = columns.map(row).filter((text) => text !== '')
      const name = this.#names.get(lower) ?? lower
      if (texts.length > 0) others.push([name, columns.length === 1 ? (texts[0] ?? '') : texts])
    }
    return Object.fromEntries(others)
  }

  /** Once for each field: a whole export has its times in the same form. */
  #warnOnce(line: number, field: Field, text: string): Item[] {
    if (this.#warned.has(field)) return []
    this.#warned.add(field)
    return [
      warningItem(
        line,
        `${field}: expected a time such as \`2024-05-11 15:26\` or \`11/May/24 3:26 PM\`, found ${quoted(text)}`,
      ),
    ]
  }
}
