/** What a pull asks a site beside its issues: who one is there, the names of fields, projects. */
import * as v from 'valibot'
import { codeOf, printable } from '../../base/mod.ts'
import type { DiscoveredField } from '../../wire/mod.ts'
import { DISCOVERED_MAX } from '../../wire/mod.ts'
import { readAnswer } from '../http/read-answer.ts'
import type { SiteAnswer, SiteClient } from '../http/site-client.ts'
import type { JiraConfig } from './jira-config.ts'
import { apiOf } from './jira-search.ts'
import { isTimeZone } from './jira-time.ts'

const Myself = v.looseObject({ displayName: v.optional(v.string()), timeZone: v.optional(v.unknown()) })
const Fields = v.array(
  v.looseObject({
    ...{ id: v.string(), name: v.string(), custom: v.optional(v.boolean(), false) },
    schema: v.optional(v.looseObject({ type: v.optional(v.string()), items: v.optional(v.string()) })),
  }),
)
const Project = v.looseObject({ key: v.string(), name: v.string() })

/** `timeZone`: in which JQL's times are read; `undefined` where the site does not say, or this host does not know it. */
export async function myself(http: SiteClient, { edition }: JiraConfig) {
  const answer = await http.ask({ path: `${apiOf(edition)}/myself` })
  const { displayName = 'somebody', timeZone } = read(answer, Myself, 'who asks')
  return { name: shown(displayName), timeZone: isTimeZone(timeZone) ? timeZone : undefined }
}

/** All fields of the site, those of its own behind the common ones. */
export async function fieldsOfSite(http: SiteClient, { edition }: JiraConfig): Promise<DiscoveredField[]> {
  const fields = read(await http.ask({ path: `${apiOf(edition)}/field` }), Fields, 'its fields')
  return fields
    .slice(0, DISCOVERED_MAX)
    .map(({ id, name, custom, schema }) => ({
      ...{ id: id.slice(0, 256), name: shown(name), own: custom },
      type: shown(schema?.type === 'array' ? `list of ${schema.items ?? 'values'}` : (schema?.type ?? 'text')).slice(
        0,
        64,
      ),
    }))
    .sort((a, b) => Number(a.own) - Number(b.own) || a.name.localeCompare(b.name))
}

export async function project(http: SiteClient, { edition }: JiraConfig, key: string) {
  const { name } = read(
    await http.ask({ path: `${apiOf(edition)}/project/${encodeURIComponent(key)}` }),
    Project,
    'a project',
  )
  return { key, name: shown(name) }
}

/** The key that an issue has now: another after it was moved, `undefined` when it is gone. */
export async function issueKey(http: SiteClient, { edition }: JiraConfig, key: string): Promise<string | undefined> {
  try {
    const path = `${apiOf(edition)}/issue/${encodeURIComponent(key)}`
    return read(await http.ask({ path, query: { fields: 'id' } }), v.looseObject({ key: v.string() }), 'an issue').key
  } catch (error) {
    if (codeOf(error) === 'connector.site_has_not') return undefined
    throw error
  }
}

function read<const Schema extends v.GenericSchema>(answer: SiteAnswer, schema: Schema, what: string) {
  return readAnswer(answer, schema, `about ${what} as Jira does`)
}

function shown(text: string): string {
  return printable(text).slice(0, 256)
}
