/** Issues of Jira: the CSV that its search exports, and the JSON that its REST API answers. */
import { expect, test } from 'bun:test'
import { read, recordsOf, told } from '../../support/datasets/documents.ts'

test('CSV: fields with several columns, custom fields, times with the name of their month, the rest under `fields`', async () => {
  const header =
    'Summary,Issue key,Issue id,Issue Type,Status,Project key,Project name,Priority,Assignee,Reporter,Created,Updated,Resolved,Fix versions,Components,Components,Labels,Labels,Description,Sprint,Sprint,Custom field (Story Points),Custom field (Team),Custom field (Epic Link),Comment,Comment,Status Category,Parent key'
  const row =
    '"Pay, by card",SHOP-2,10002,Story,Done,SHOP,Shop,Highest,Ada,Bo,11/May/24 3:26 PM,12/May/24 12:05 AM,2024-05-20 16:53,2.0,Web,Api,fast,safe,"As a buyer\r\nI pay",Sprint 1,Sprint 2,5.5,Blue,SHOP-1,"first; 1",second,Done,'
  expect(await recordsOf('jira', `${header}\r\n${row}\r\n`)).toEqual([
    {
      key: 'SHOP-2',
      type: 'Story',
      status: 'Done',
      status_category: 'Done',
      summary: 'Pay, by card',
      description: 'As a buyer\r\nI pay',
      priority: 'Highest',
      assignee: 'Ada',
      reporter: 'Bo',
      created_at: '2024-05-11T15:26:00.000Z',
      updated_at: '2024-05-12T00:05:00.000Z',
      resolved_at: '2024-05-20T16:53:00.000Z',
      components: ['Web', 'Api'],
      labels: ['fast', 'safe'],
      fix_versions: ['2.0'],
      parent: 'SHOP-1',
      sprint: 'Sprint 2',
      points: 5.5,
      project: 'SHOP',
      fields: { 'Issue id': '10002', 'Project name': 'Shop', Team: 'Blue', Comment: ['first; 1', 'second'] },
    },
  ])
})

test('CSV: the words of newer sites, empty fields, a key whose project is its beginning', async () => {
  const [record] = await recordsOf('jira', 'Work item key;Summary;Work type;Labels\nAB-C-12;Fix;Bug;one, two three\n')
  expect(record).toEqual({
    key: 'AB-C-12',
    type: 'Bug',
    status: null,
    status_category: null,
    summary: 'Fix',
    description: null,
    priority: null,
    assignee: null,
    reporter: null,
    created_at: null,
    updated_at: null,
    resolved_at: null,
    components: [],
    labels: ['one', 'two', 'three'],
    fix_versions: [],
    parent: null,
    sprint: null,
    points: null,
    project: 'AB-C',
    fields: {},
  })
})

test('CSV: times that do not say which number is the month stay as they are, with one warning a field', async () => {
  const { items } = await read('jira', 'Issue key,Summary,Created\nA-1,x,6/7/2025 16:14\n,y,\nA-3,z,6/8/2025 16:14\n')
  expect(told(items)).toEqual([
    '2 warning: created_at: expected a time such as `2024-05-11 15:26` or `11/May/24 3:26 PM`, found `6/7/2025 16:14`',
    '2 record',
    '3 refused: an issue without a key; expected one such as `ABC-1`',
    '4 record',
  ])
  expect(items[1]).toMatchObject({ record: { created_at: null, fields: { created: '6/7/2025 16:14' } } })
})

const ISSUE = {
  expand: 'operations',
  id: '10230',
  self: 'https://example.atlassian.net/rest/api/3/issue/10230',
  key: 'SHOP-7',
  fields: {
    summary: 'Pay by card',
    issuetype: { id: '5', name: 'Story', subtask: false },
    status: { name: 'In Review', statusCategory: { id: 4, key: 'indeterminate', name: 'In Progress' } },
    priority: { name: 'High' },
    assignee: { accountId: 'x1', displayName: 'Ada' },
    reporter: null,
    created: '2024-05-11T15:26:00.123+0200',
    updated: '2024-05-12T15:26:00.000+0000',
    resolutiondate: null,
    components: [{ name: 'Web' }, { name: 'Api' }],
    labels: ['fast'],
    fixVersions: [{ name: '2.0' }],
    parent: { id: '1', key: 'SHOP-1' },
    project: { key: 'SHOP' },
    description: {
      type: 'doc',
      version: 1,
      content: [
        { type: 'heading', content: [{ type: 'text', text: 'Why' }] },
        {
          type: 'bulletList',
          content: [
            { type: 'listItem', content: [{ type: 'paragraph', content: [{ type: 'text', text: 'faster' }] }] },
            {
              type: 'listItem',
              content: [
                {
                  type: 'paragraph',
                  content: [
                    { type: 'mention', attrs: { text: '@Bo' } },
                    { type: 'hardBreak' },
                    { type: 'text', text: 'asked' },
                  ],
                },
              ],
            },
          ],
        },
      ],
    },
    customfield_10020: [
      { id: 1, name: 'Sprint 1', state: 'closed', boardId: 3 },
      { id: 2, name: 'Sprint 2', state: 'active', boardId: 3 },
    ],
    customfield_10030: 8,
    customfield_10040: { value: 'Blue' },
    customfield_10050: null,
    customfield_10060: [],
  },
}

const READ = {
  key: 'SHOP-7',
  type: 'Story',
  status: 'In Review',
  status_category: 'In Progress',
  summary: 'Pay by card',
  description: 'Why\nfaster\n@Bo\nasked',
  priority: 'High',
  assignee: 'Ada',
  reporter: null,
  created_at: '2024-05-11T13:26:00.123Z',
  updated_at: '2024-05-12T15:26:00.000Z',
  resolved_at: null,
  components: ['Web', 'Api'],
  labels: ['fast'],
  fix_versions: ['2.0'],
  parent: 'SHOP-1',
  sprint: 'Sprint 2',
  project: 'SHOP',
}

test('JSON: a search with the names of its fields, and one without; an array of issues', async () => {
  const names = { customfield_10030: 'Story Points', customfield_10040: 'Team', customfield_10020: 'Sprint' }
  const fields = { Sprint: ISSUE.fields.customfield_10020, 'Story Points': 8, Team: { value: 'Blue' } }
  const named = { ...READ, points: 8, fields }
  expect(await recordsOf('jira', JSON.stringify({ names, issues: [ISSUE], isLast: true }, null, 1))).toEqual([named])
  expect(await recordsOf('jira', JSON.stringify([{ ...ISSUE, names }]))).toEqual([named])
  const { customfield_10020, customfield_10030, customfield_10040 } = ISSUE.fields
  const unnamed = { ...READ, points: null, fields: { customfield_10020, customfield_10030, customfield_10040 } }
  expect(await recordsOf('jira', JSON.stringify({ startAt: 0, total: 1, issues: [ISSUE] }))).toEqual([unnamed])
})

test("JSON: Jira Server's sprints, texts as descriptions, the epic by its link, Cloud's points by their usual field", async () => {
  const sprint =
    'com.atlassian.greenhopper.service.sprint.Sprint@1a2b[id=4,rapidViewId=2,state=ACTIVE,name=Sprint 4,goal=]'
  const fields = { description: 'plain', customfield_10016: 3, customfield_10001: [sprint], customfield_10002: 'OPS-1' }
  const document = { names: { customfield_10002: 'Epic Link' }, issues: [{ key: 'OPS-9', fields }] }
  const [record] = await recordsOf('jira', JSON.stringify(document))
  expect(record).toMatchObject({ description: 'plain', sprint: 'Sprint 4', points: 3, parent: 'OPS-1', project: 'OPS' })
})

test('JSON: an issue without a key is refused; fields that are called as objects inherit are fields', async () => {
  const document =
    '{"issues":[{"id":"1"},\n{"key":"A-1","fields":{"__proto__":{"x":1},"constructor":"c","status":"odd"}}]}'
  const { items } = await read('jira', document)
  expect(told(items)).toEqual(['1 refused: an issue without a key; expected one such as `ABC-1`', '2 record'])
  const record = items[1]?.kind === 'record' ? items[1].record : {}
  expect(JSON.stringify(record['fields'])).toBe('{"__proto__":{"x":1},"constructor":"c"}')
  expect(record['status']).toBeNull()
})

test('what is no export of Jira is refused and says what was expected', async () => {
  expect((await read('jira', 'a,b\n1,2\n')).failure).toBe(
    'document.unexpected: line 1: expected a column `Issue key`, as exports of Jira have it, found none',
  )
  expect((await read('jira', '{"values":[]}')).failure).toBe(
    'document.unexpected: line 1: expected an array of issues, or an object with an array `issues`, as Jira answers, found none',
  )
})
