/** The owner's rules: each explained, changed in one form, and tried on a Blueprint. */

import type { DangerProps } from '../../server/mod.ts'
import {
  Ago,
  Diff,
  Facts,
  type Failure,
  Field,
  type FieldErrors,
  Form,
  Notice,
  Select,
  Table,
  TextArea,
  type View,
  Words,
} from '../../web/mod.ts'
import type { Affected } from '../deployments/rules-changed.ts'
import type { BlueprintTest, TestedSystem } from '../policy/blueprint-test.ts'
import type { RulesInForce } from '../policy/owner-rules.ts'
import { POLICY_RULES, type Policy, type PolicyKey } from '../policy/policy.ts'

/** Every rule as the form has it: lists with an item a line. */
export type PolicyValues = Readonly<Record<PolicyKey, string>>

const TITLES: Readonly<Record<PolicyKey, string>> = {
  peers: 'Peers',
  componentTypes: 'Component types',
  hosts: 'Hosts',
  fileRoots: 'Folders',
  tables: 'Tables',
  scripts: 'Scripts',
  expressions: 'Expressions',
  logLines: 'Log lines',
  workersMax: 'Deployments at once',
  waitingMax: 'Waiting versions',
  workerMemoryMiB: 'Memory of a worker, MiB',
}
const WORDS: Partial<Record<PolicyKey, readonly string[]>> = {
  scripts: ['forbidden', 'sandboxed', 'native'],
  expressions: ['approve', 'free'],
  logLines: ['nothing', 'template', 'template-and-counts'],
}
const LISTS: Partial<Record<PolicyKey, string>> = {
  ...{ peers: 'accepted', componentTypes: 'any', hosts: 'any', fileRoots: 'any', tables: 'any' },
}

export function valuesOf(policy: Policy): PolicyValues {
  const text = (value: Policy[PolicyKey]): string => (Array.isArray(value) ? value.join('\n') : String(value ?? ''))
  return Object.fromEntries(POLICY_RULES.map(({ key }) => [key, text(policy[key])])) as PolicyValues
}

export type PolicyPageProps = {
  inForce: RulesInForce
  values: PolicyValues
  errors?: FieldErrors | undefined
  failure?: Failure | undefined
  nowMs: number
  mayChange: boolean
}

export function PolicyPage({ inForce, values, errors, failure, nowMs, mayChange }: PolicyPageProps): View {
  const { authentic, changed } = inForce
  return (
    <>
      {!authentic && (
        <Notice kind="bad">
          The stored rules are not as you wrote them. Nothing may run until you set them again, here.
        </Notice>
      )}
      <p>
        These rules stand above every approval. What they forbid is refused, with the reason, here and on the Platform.
        Only this Runtime can change them. <a href="/settings/policy/test">Try a Blueprint on them</a>.
      </p>
      {changed && (
        <p>
          Changed <Ago at={changed.atMs} now={nowMs} />.
        </p>
      )}
      {mayChange ? (
        <Form action="/settings/policy" submit="Review changes" failure={failure}>
          {POLICY_RULES.map(({ key, says }) => (
            <Rule {...{ name: key, says, value: values[key], error: errorOf(key, errors) }} />
          ))}
        </Form>
      ) : (
        <Facts
          rows={POLICY_RULES.map(({ key }) => [TITLES[key], values[key].replaceAll('\n', ', ') || '–'] as const)}
        />
      )}
    </>
  )
}

/** The first fault of the rule, or of one of its lines: `hosts.2`. */
function errorOf(key: PolicyKey, errors: FieldErrors = {}): string | undefined {
  return Object.entries(errors).find(([path]) => path === key || path.startsWith(`${key}.`))?.[1]
}

function Rule({
  name,
  says,
  value,
  error,
}: {
  name: PolicyKey
  says: string
  value: string
  error?: string | undefined
}): View {
  const frame = { name, label: TITLES[name], value, error }
  const words = WORDS[name]
  if (words)
    return (
      <Select {...frame} help={<Words text={says} />} options={words.map((word) => ({ value: word, label: word }))} />
    )
  const word = LISTS[name]
  if (word === undefined) return <Field {...frame} type="number" help={<Words text={says} />} inputmode="numeric" />
  return (
    <TextArea
      {...frame}
      rows={3}
      help={<Words text={`${says} One a line; \`${word}\` for no limit, empty for none at all.`} />}
    />
  )
}

function endOf(place: Affected['place'], ended: boolean): string {
  if (ended) return 'finished, and does not start again'
  return place === 'current' ? 'is stopped' : 'is refused'
}

export type ChangeProps = { runtime: string; policy: Policy; affected: readonly Affected[]; ending: readonly string[] }

/** What the change would end, before anything is changed; what was looked at goes along. */
export function confirmForm({ runtime, policy, affected, ending }: ChangeProps): DangerProps {
  const hidden = { policy: JSON.stringify(policy), ending: ending.join(' ') }
  const says = (
    <>
      <p>{affected.length === 0 ? 'Nothing that runs or waits is forbidden by them.' : 'They end what follows:'}</p>
      <ul>
        {affected.map(({ blueprint, version, place, ended, reasons }) => (
          <li>
            {`${blueprint}, version ${version}: ${endOf(place, ended)}, since `}
            {reasons.map(({ code, item }) => (
              <>
                <code>{code}</code> {item ?? ''}{' '}
              </>
            ))}
          </li>
        ))}
      </ul>
    </>
  )
  return {
    ...{ action: '/settings/policy/confirm', title: 'Put these rules into force', says, name: runtime, hidden },
    ...{ submit: 'Change the rules', cancel: { label: 'Cancel', href: '/settings/policy' } },
  }
}

/** What the change is, beside the form that makes it. */
export function ConfirmPolicy({ policy, before, danger }: { policy: Policy; before: Policy; danger: View }): View {
  return (
    <>
      <Diff name="Rules" before={JSON.stringify(before, null, 2)} after={JSON.stringify(policy, null, 2)} />
      {danger}
    </>
  )
}

export type PolicyTestProps = {
  source: string
  tested?: BlueprintTest | undefined
  failure?: Failure | undefined
  errors?: FieldErrors
}

export function PolicyTestPage({ source, tested, failure, errors = {} }: PolicyTestProps): View {
  return (
    <>
      <p>A Blueprint is only looked at here: nothing of it is kept, deployed or told to the Platform.</p>
      {tested && tested.findings.length > 0 && <Findings findings={tested.findings} />}
      {tested?.systems.map((system) => (
        <Tested tested={system} />
      ))}
      {tested && tested.systems.length === 0 && tested.findings.every(({ severity }) => severity !== 'error') && (
        <Notice kind="warn">None of its systems names this Runtime.</Notice>
      )}
      <Form action="/settings/policy/test" submit="Try it" failure={failure}>
        <TextArea
          name="source"
          label="Blueprint"
          value={source}
          error={errors['source']}
          rows={20}
          required
          help={<Words text="YAML or JSON. Code files beside it travel with `sluice policy test`." />}
        />
      </Form>
    </>
  )
}

function Findings({ findings }: Pick<BlueprintTest, 'findings'>): View {
  return (
    <Table
      id="findings"
      title="What is wrong with it"
      columns={[{ title: 'Line', numeric: true }, { title: 'What' }, { title: 'Code' }]}
      rows={findings.map(({ line, column, message, code }) => ({
        cells: [`${line}:${column}`, message, <code>{code}</code>],
      }))}
    />
  )
}

const OUTCOMES: Readonly<Record<TestedSystem['outcome'], string>> = {
  refused: 'would be refused',
  waits: 'would wait for you',
  starts: 'would start at once',
}

function Tested({ tested: { system, outcome, reasons, adds } }: { tested: TestedSystem }): View {
  const added = Object.values(adds).flat()
  return (
    <section class="card form" aria-labelledby={`tested-${system}`}>
      <h2 id={`tested-${system}`}>{`${system} ${OUTCOMES[outcome]}`}</h2>
      {reasons.length > 0 && <h3>Since</h3>}
      <ul>
        {reasons.map(({ code, item, rule }) => (
          <li>
            <code>{code}</code> {item ?? ''} {rule && `(rule: ${TITLES[rule]})`}
          </li>
        ))}
      </ul>
      {added.length > 0 && <h3>It adds to what was approved</h3>}
      <ul>
        {added.map((item) => (
          <li>
            <code>{item}</code>
          </li>
        ))}
      </ul>
    </section>
  )
}
