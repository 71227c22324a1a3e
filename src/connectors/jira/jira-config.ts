/** Settings of a connector to Jira. */
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'
import { Deletions, SiteAuthority, SiteUrl } from '../settings.ts'
import { JIRA_OBJECTS } from './jira-objects.ts'

/** Atlassian answers a hundred issues at most when their fields are asked for. */
export const PAGE_ISSUES_MAX = 100
const PROJECTS_MAX = 64
const FIELDS_MAX = 256

export const ProjectKey = v.pipe(
  v.string(),
  v.trim(),
  v.toUpperCase(),
  v.regex(/^[A-Z][A-Z0-9_]{0,63}$/, naming('must be the key of a project, such as ABC')),
)

export const JiraProjects = v.pipe(
  v.optional(v.pipe(v.array(ProjectKey), v.maxLength(PROJECTS_MAX)), () => []),
  v.description('Keys of the projects; without any, all that the user of the credential sees.'),
)
export const Jql = v.pipe(
  v.optional(
    v.pipe(
      v.string(),
      v.trim(),
      v.minLength(1),
      v.maxLength(4_096),
      v.check((jql) => !/\border\s+by\b/i.test(jql), 'must be without ORDER BY: the order is that of updates'),
    ),
  ),
  v.description('Only issues that this JQL finds.'),
)

export const JiraConfig = v.pipe(
  v.strictObject({
    url: v.pipe(
      SiteUrl,
      v.description('URL of the site: `https://example.atlassian.net`, or that of your own server.'),
    ),
    edition: v.pipe(
      v.optional(v.picklist(['cloud', 'data-center']), 'cloud'),
      v.description(
        '`cloud`: by e-mail address and API token. `data-center`: by a personal access token, or a password.',
      ),
    ),
    projects: JiraProjects,
    objects: v.pipe(
      v.optional(v.picklist(JIRA_OBJECTS), 'issues'),
      v.description(
        'What is pulled, each into a dataset of its own: issues, what belongs to them, or what the site lists.',
      ),
    ),
    jql: Jql,
    fields: v.pipe(
      v.optional(
        v.pipe(
          v.array(v.pipe(v.string(), v.trim(), v.regex(/^[*A-Za-z0-9_.-]{1,128}$/))),
          v.minLength(1),
          v.maxLength(FIELDS_MAX),
        ),
        () => ['*all'],
      ),
      v.description('Ids of the fields that are pulled; `discover` lists them.'),
    ),
    pageIssues: v.pipe(
      v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(PAGE_ISSUES_MAX)), PAGE_ISSUES_MAX),
      v.description('Issues of one page.'),
    ),
    deletions: Deletions('what is gone from the projects or the site'),
    ca: SiteAuthority,
  }),
  v.check(
    ({ objects, deletions, projects }) => objects !== 'issues' || deletions === 'never' || projects.length > 0,
    '`deletions` needs `projects`: what is gone is looked for project by project',
  ),
)
export type JiraConfig = v.InferOutput<typeof JiraConfig>
