/** Settings of the connector to Xray. */
import * as v from 'valibot'
import { JiraProjects, Jql } from '../jira/jira-config.ts'
import { Deletions, SiteAuthority, SiteUrl } from '../settings.ts'

/** As many tests as Xray gives at once. */
export const PAGE_TESTS_MAX = 100

export const XrayConfig = v.pipe(
  v.strictObject({
    edition: v.pipe(
      v.optional(v.picklist(['cloud', 'data-center']), 'cloud'),
      v.description('`cloud`: by an API key of Xray. `data-center`: by the Jira that it is installed in.'),
    ),
    url: v.pipe(
      v.optional(SiteUrl, 'https://xray.cloud.getxray.app'),
      v.description('URL of Xray Cloud, of your region if you have chosen one; or that of your own Jira.'),
    ),
    projects: JiraProjects,
    jql: Jql,
    issueType: v.pipe(
      v.optional(v.pipe(v.string(), v.trim(), v.regex(/^[^"\\\p{Cc}]{1,64}$/u)), 'Test'),
      v.description('How the type of tests is called in your own Jira.'),
    ),
    pageTests: v.pipe(
      v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(PAGE_TESTS_MAX)), PAGE_TESTS_MAX),
      v.description('Tests of one page.'),
    ),
    deletions: Deletions('tests that are gone'),
    ca: SiteAuthority,
  }),
  v.check(
    ({ edition, deletions, projects }) => edition === 'cloud' || deletions === 'never' || projects.length > 0,
    '`deletions` needs `projects`: what is gone is looked for project by project',
  ),
)
export type XrayConfig = v.InferOutput<typeof XrayConfig>
