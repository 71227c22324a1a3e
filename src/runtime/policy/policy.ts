/** The owner's rules: what this Runtime does at most, whatever its Platform asks and whatever was approved. Changed on the Runtime only. */
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'
import { Name, RuntimeId } from '../../wire/mod.ts'

/** Entries of one list: 256 × ≤ 1,024 characters, six lists, stay under 2 MiB in memory and under the bound of a request's body. */
export const POLICY_LIST_MAX = 256
/** Workers of one Runtime unless its owner says otherwise: 128 × ≈ 60 MB of an idle one are 8 GB; a small host lowers it. */
export const WORKERS_MAX = 128
/** Versions that wait for the owner. More than a person looks through, and their sealed content stays under 64 MiB. */
export const WAITING_MAX = 64

const LINE = /^[^\p{C}\p{Zl}\p{Zp}]+$/u
const Line = (longest: number) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1),
    v.maxLength(longest),
    v.regex(LINE, 'must be one line without control characters'),
  )

/** `db.example`, `*.example` (any name below it), `[2001:db8::1]`; with `:port`, that port only. */
const HostPattern = v.pipe(
  Line(262),
  v.toLowerCase(),
  v.regex(
    /^(\*\.)?([a-z0-9_-][a-z0-9._-]*|\[[0-9a-f:.]+\])(:\d{1,5})?$/,
    naming('expected a host as db.example or *.example, with :port for that port only'),
  ),
)

/** A list of what is allowed, or a word for no such limit; `example` is an item of such a list. */
const allowed = <Word extends string, Item extends v.GenericSchema<string, string>>(
  word: Word,
  item: Item,
  example: string,
  says: string,
) =>
  v.pipe(
    v.optional(
      v.union(
        [v.literal(word), v.pipe(v.array(item), v.maxLength(POLICY_LIST_MAX))],
        naming(`expected \`${word}\` or a list as [${example}]`),
      ),
      () => word,
    ),
    v.description(says),
  )
const number = (fallback: number, least: number, most: number, says: string) =>
  v.pipe(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most)), fallback),
    v.description(says),
  )
const choice = <const Words extends readonly string[]>(words: Words, fallback: Words[number], says: string) =>
  v.pipe(v.optional(v.picklist(words), fallback as never), v.description(says))

/** The document as it is stored, shown and set; what is left out is the default. */
export const Policy = v.strictObject({
  peers: allowed(
    'accepted',
    RuntimeId,
    'rt_…',
    'Runtimes that bridges may lead to. `accepted`: every one that was accepted as a peer. A list: only those of them.',
  ),
  componentTypes: allowed('any', Name, 'csv_file', 'Types of components that may run here.'),
  hosts: allowed(
    'any',
    HostPattern,
    'db.example:5432',
    'Hosts that components and bridges may connect to: `db.example`, `*.example`, with `:port` that port only.',
  ),
  fileRoots: allowed(
    'any',
    Line(1_024),
    'in',
    'Folders that components may read and write in; a relative one is below the Runtime’s files folder, `.` is that folder.',
  ),
  tables: allowed(
    'any',
    Line(256),
    'warehouse/orders',
    'Tables that may be written, as `credential/table` or `path/table`; `*` stands for any characters.',
  ),
  scripts: choice(
    ['forbidden', 'sandboxed', 'native'],
    'sandboxed',
    'Scripts of a deployment: none, only in the sandbox, or also natively, with all that a process of this Runtime may do.',
  ),
  expressions: choice(
    ['approve', 'free'],
    'approve',
    '`approve`: a changed expression, filter, order of transforms or way in which a sink writes waits for the owner, like a script. `free`: it does not.',
  ),
  logLines: choice(
    ['nothing', 'template', 'template-and-counts'],
    'template-and-counts',
    'How much of a log line the Platform is told: nothing, which line it was, or also its codes and counts. Free text never leaves.',
  ),
  workersMax: number(WORKERS_MAX, 1, 1_024, 'Deployments that run at once; each has a process of its own.'),
  waitingMax: number(WAITING_MAX, 1, 1_024, 'Versions that wait for the owner at once; what comes beyond is refused.'),
  workerMemoryMiB: v.pipe(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(64), v.maxValue(1_048_576))),
    v.description(
      'Memory that one worker may hold, MiB, from its next start on; if it is left out, what the Runtime was started with.',
    ),
  ),
})
export type Policy = v.InferOutput<typeof Policy>
export type PolicyKey = keyof Policy

/** What holds until the owner says otherwise. */
export const DEFAULT_POLICY: Policy = v.parse(Policy, {})

/** What holds while the stored rules are not as the owner wrote them: nothing may run. */
export const CLOSED_POLICY: Policy = v.parse(Policy, {
  ...{ peers: [], componentTypes: [], hosts: [], fileRoots: [], tables: [] },
  ...{ scripts: 'forbidden', logLines: 'nothing' },
})

/** Every rule with what it says, in the order of the document: for the page, the command and the docs. */
export const POLICY_RULES: readonly { key: PolicyKey; says: string }[] = (
  Object.keys(Policy.entries) as PolicyKey[]
).map((key) => ({ key, says: v.getDescription(Policy.entries[key]) ?? '' }))

/** What the Platform is told of the rules, in its inventory: whether there are lists, never what is in them. */
export function policySummary(policy: Policy): Record<string, string | number> {
  const listed = (value: string | readonly string[]): string => (typeof value === 'string' ? value : 'listed')
  return {
    ...{ additions: 'owner-approves', peers: policy.peers === 'accepted' ? 'owner-accepts' : 'listed' },
    ...{ 'component-types': listed(policy.componentTypes), hosts: listed(policy.hosts) },
    ...{ 'file-roots': listed(policy.fileRoots), tables: listed(policy.tables) },
    ...{ scripts: policy.scripts, expressions: policy.expressions, 'log-text': policy.logLines },
    ...{ 'workers-max': policy.workersMax, 'waiting-max': policy.waitingMax },
  }
}
