/** Settings of connectors to GitLab: where it is, and which projects. */
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'
import { SCOPES_MAX } from '../http/by-scope.ts'
import { Deletions, SiteAuthority, SiteUrl } from '../settings.ts'

/** GitLab answers a hundred of anything at most. */
export const PAGE_RECORDS_MAX = 100
const HISTORY_DAYS_MAX = 3_650

const Project = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(512),
  v.regex(
    /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/,
    naming('must be a project with its groups, such as acme/shop'),
  ),
)

const common = {
  url: v.pipe(
    v.optional(SiteUrl, 'https://gitlab.com'),
    v.description('Where GitLab is: `https://gitlab.example.com`, or with the path below which it was installed.'),
  ),
  projects: v.pipe(
    v.pipe(v.array(Project), v.minLength(1), v.maxLength(SCOPES_MAX)),
    v.description('Projects with their groups: `acme/shop`.'),
  ),
}

export const GitlabConfig = v.strictObject({
  ...common,
  deletions: Deletions('issues that are gone from the projects, by listing all of them'),
  ca: SiteAuthority,
})
export type GitlabConfig = v.InferOutput<typeof GitlabConfig>

export const GitlabCiConfig = v.strictObject({
  ...common,
  branch: v.pipe(
    v.optional(v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(255))),
    v.description('Only pipelines of that branch or tag.'),
  ),
  results: v.pipe(
    v.optional(v.picklist(['tests', 'jobs']), 'tests'),
    v.description('`tests`: the cases of each pipeline’s test report. `jobs`: its jobs, each a result.'),
  ),
  historyDays: v.pipe(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(HISTORY_DAYS_MAX)), 30),
    v.description('How far back the first run of the connector reaches.'),
  ),
  ca: SiteAuthority,
})
export type GitlabCiConfig = v.InferOutput<typeof GitlabCiConfig>
