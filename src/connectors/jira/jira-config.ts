/** Settings of a connector to Jira. */
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'
import { SiteAuthority, SiteUrl } from '../settings.ts'

/** Atlassian answers a hundred issues at most when their fields are asked for. */
export const PAGE_ISSUES_MAX = 100
const PROJECTS_MAX = 64
const FIELDS_MAX = 256

const ProjectKey = v.pipe(
  v.string(),
  v.trim(),
  v.toUpperCase(),
  v.regex(/^[A-Z][A-Z0-9_]{0,63}$/, naming('must be the key of a project, such as ABC')),
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
    projects: v.pipe(
      v.optional(v.pipe(v.array(ProjectKey), v.maxLength(PROJECTS_MAX)), () => []),
      v.description('Keys of the projects; without any, all that the user of the credential sees.'),
    ),
    jql: v.pipe(
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
    ),
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
    deletions: v.pipe(
      v.optional(v.picklist(['never', 'daily', 'every-run']), 'never'),
      v.description('How often it looks for issues that are gone from the projects, and removes them.'),
    ),
    ca: SiteAuthority,
  }),
  v.check(
    ({ deletions, projects }) => deletions === 'never' || projects.length > 0,
    '`deletions` needs `projects`: what is gone is looked for project by project',
  ),
)
export type JiraConfig = v.InferOutput<typeof JiraConfig>
