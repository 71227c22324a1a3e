/** What can be pulled of Jira beside issues, as records of the shape `issues`, so that each has a key: ids of Jira are of the whole site. */
/** What belongs to issues: found by issues that were updated. */
export const OF_ISSUES = ['comments', 'worklogs', 'changelogs'] as const
/** What is listed as a whole. */
export const LISTS = ['projects', 'versions', 'boards', 'sprints', 'users', 'fields'] as const
export const JIRA_OBJECTS = ['issues', ...OF_ISSUES, ...LISTS] as const

export type OfIssues = (typeof OF_ISSUES)[number]
export type Lists = (typeof LISTS)[number]
export type JiraObjects = (typeof JIRA_OBJECTS)[number]

export function isOfIssues(objects: JiraObjects): objects is OfIssues {
  return OF_ISSUES.some((one) => one === objects)
}
