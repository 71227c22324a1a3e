/** docs/policy.md: the owner's rules of a Runtime, from the schema that they are held to. */
import { DEFAULT_POLICY, POLICY_RULES } from '../../src/runtime/policy/policy.ts'
import { GENERATED, page, table } from './markdown.ts'

const INTRODUCTION = [
  'The owner’s rules of a Runtime stand above every approval. They are changed on the Runtime only: on its page Settings → Policy, or with',
  '`sluice policy set FILE`, which says what the new rules would end and ends only what it is told to. What they forbid is refused with',
  'the rule’s code and the item, here and on the Platform. What has ended counts as well, since a replay of refused records or a restart',
  'starts it again unasked; what somebody stopped does not. `sluice policy test BLUEPRINT` tries a Blueprint on them beforehand.',
]

const EXAMPLE = [
  '```yaml',
  'hosts: [db.example:5432, "*.cloud.example"]',
  'fileRoots: [in, /srv/exports]',
  'tables: ["warehouse/*"]',
  'scripts: forbidden',
  'workersMax: 8',
  '```',
]

export function policyPage(): string {
  const rows = POLICY_RULES.map(({ key, says }) => [`\`${key}\``, `\`${DEFAULT_POLICY[key] ?? '–'}\``, says])
  return page(
    '# Policy',
    GENERATED,
    INTRODUCTION.join('\n'),
    table(['rule', 'default', 'meaning'], rows),
    'A file of rules is YAML or JSON; what it leaves out is the default:',
    EXAMPLE.join('\n'),
  )
}
