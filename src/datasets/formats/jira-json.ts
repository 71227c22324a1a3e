/** Issues as Jira's REST API answers them: an object with `issues`, or an array of issues. */
import type { Item, Json } from './item.ts'
import { documentText } from './jira-document.ts'
import { EPIC_LINK_NAME, type Issue, issueItem, POINTS_NAMES, projectOf } from './jira-issue.ts'
import { RICH_ELEMENT_BYTES_MAX, readJsonShape } from './json-items.ts'
import { isObject, textOf } from './json-record.ts'
import { instantOf } from './times.ts'

type Fields = { readonly [name: string]: Json }

/** What fields of an issue are read into fields of their own; all others are kept under `fields`. */
const OWN_FIELDS = new Set([
  ...['issuetype', 'status', 'summary', 'description', 'priority', 'assignee', 'reporter', 'created', 'updated'],
  ...['resolutiondate', 'components', 'labels', 'fixVersions', 'parent', 'project'],
])

/** Story points of team-managed projects in Jira Cloud, wherever the answer does not name its fields. */
const CLOUD_POINTS_FIELD = 'customfield_10016'

/**
 * The issues in an answer of Jira's search, in UTF-8. Custom fields have their names where the answer was asked for them
 * (`expand=names`) and has them before the issues, or in each. Fails as `readJsonShape` does.
 */
export function readJiraJson(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Item[]> {
  let names: Fields = {}
  return readJsonShape(bytes, {
    use(path, opens) {
      if (path.length === 0) return opens === '[' ? 'items' : 'enter'
      if (path.length > 1) return 'pass'
      return path[0] === 'issues' && opens === '[' ? 'items' : path[0] === 'names' && opens === '{' ? 'keep' : 'pass'
    },
    kept(_path, text) {
      names = objectOf(JSON.parse(text) as Json)
    },
    expected: 'an array of issues, or an object with an array `issues`, as Jira answers',
    elementBytesMax: RICH_ELEMENT_BYTES_MAX,
    itemsOf: (line, issue) => [issueItem(line, issueOf(issue, names))],
  })
}

function issueOf(issue: Fields, namesOfDocument: Fields): Issue {
  const fields = objectOf(issue['fields'])
  const names = isObject(issue['names']) ? issue['names'] : namesOfDocument
  const key = textOf(issue['key']) ?? ''
  const status = objectOf(fields['status'])
  return {
    key,
    type: nameOf(fields['issuetype']),
    status: nameOf(status),
    status_category: nameOf(status['statusCategory']),
    summary: textOf(fields['summary']),
    description: documentText(fields['description']) ?? textOf(fields['description']),
    priority: nameOf(fields['priority']),
    assignee: personOf(fields['assignee']),
    reporter: personOf(fields['reporter']),
    created_at: timeOf(fields['created']),
    updated_at: timeOf(fields['updated']),
    resolved_at: timeOf(fields['resolutiondate']),
    components: namesOf(fields['components']),
    labels: textsOf(fields['labels']),
    fix_versions: namesOf(fields['fixVersions']),
    parent: textOf(objectOf(fields['parent'])['key']) ?? namedText(fields, names, EPIC_LINK_NAME),
    sprint: sprintOf(fields),
    points: pointsOf(fields, names),
    project: textOf(objectOf(fields['project'])['key']) ?? projectOf(key),
    fields: otherFields(fields, names),
  }
}

function pointsOf(fields: Fields, names: Fields): number | null {
  const field = Object.keys(fields).find((id) => POINTS_NAMES.includes(lowerName(id, names)) && isNumber(fields[id]))
  const points = fields[field ?? CLOUD_POINTS_FIELD]
  return isNumber(points) ? points : null
}

/** The field's id is the site's own, but what is in it looks like nothing else: objects with a board, or Jira Server's long texts. */
function sprintOf(fields: Fields): string | null {
  for (const value of Object.values(fields)) {
    const last = Array.isArray(value) ? (value as readonly Json[]).at(-1) : undefined
    if (isObject(last) && 'boardId' in last && 'state' in last) return textOf(last['name'])
    const named = typeof last === 'string' && /\.sprint\.Sprint@.*[[,]name=([^,\]]*)/.exec(last.slice(0, 4_096))
    if (named) return named[1] ?? null
  }
  return null
}

function namedText(fields: Fields, names: Fields, name: string): string | null {
  const field = Object.keys(fields).find((id) => lowerName(id, names) === name)
  return field === undefined ? null : textOf(fields[field])
}

function lowerName(id: string, names: Fields): string {
  return String((Object.hasOwn(names, id) && names[id]) || id).toLowerCase()
}

/** All that is not empty and has no field of its own, by its name on the site; by its id where that name is another's already. */
function otherFields(fields: Fields, names: Fields): Issue['fields'] {
  const others = new Map<string, Json>()
  for (const [id, value] of Object.entries(fields)) {
    if (OWN_FIELDS.has(id) || value === null || (Array.isArray(value) && value.length === 0)) continue
    const name = (Object.hasOwn(names, id) && textOf(names[id])) || id
    others.set(others.has(name) ? id : name, value)
  }
  return Object.fromEntries(others)
}

function objectOf(value: Json | undefined): Fields {
  return isObject(value) ? value : {}
}

function nameOf(value: Json | undefined): string | null {
  return textOf(objectOf(value)['name'])
}

function personOf(value: Json | undefined): string | null {
  const person = objectOf(value)
  return textOf(person['displayName']) ?? textOf(person['name']) ?? textOf(person['accountId'])
}

function timeOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? (instantOf(value) ?? null) : null
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : []
}

function namesOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? textsOf(value.map(nameOf)) : []
}

function isNumber(value: Json | undefined): value is number {
  return typeof value === 'number'
}
