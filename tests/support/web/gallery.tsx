/** One page with every part that pages are made of, to be looked at and to be checked by axe. */
import {
  ByteCount,
  type ChartFigures,
  Charts,
  Check,
  Code,
  Count,
  DangerForm,
  Diff,
  Empty,
  Facts,
  Field,
  FileField,
  Form,
  Id,
  Layout,
  type NavEntry,
  Needs,
  Notice,
  SecretOnce,
  Select,
  State,
  Table,
  TextArea,
  Tiles,
  type View,
} from '../../../src/web/mod.ts'

export const NAV: readonly NavEntry[] = [
  { href: '/', label: 'Deployment', icon: 'deployments', key: 'd', count: 2 },
  { href: '/list', label: 'List', icon: 'runtimes', key: 'l' },
  { href: '/gallery', label: 'Gallery', icon: 'overview', key: 'g' },
]
export const place = { kind: 'runtime', name: 'factory-01' } as const
const NOW_MS = Date.UTC(2026, 10, 24, 9, 0, 7)

const RANGES = [
  { word: '1h', label: '1 hour' },
  { word: '7d', label: '7 days' },
]

/** An hour of two series; the last value is given. */
export function chartOf(last: number): ChartFigures {
  const [steps, stepMs] = [120, 30_000]
  const fromMs = NOW_MS - (NOW_MS % stepMs) - (steps - 1) * stepMs
  const wave = (height: number, phase: number) =>
    Array.from({ length: steps }, (_, i) =>
      i > 40 && i < 47
        ? undefined
        : Math.round(height * (1 + 0.4 * Math.sin(i / 9 + phase) + 0.06 * Math.sin(i * 1.7))),
    )
  const out = wave(820_000, 0).with(-1, last)
  return {
    ...{ id: 'rate', title: 'Records', unit: 'rate', fromMs, stepMs },
    series: [
      { name: 'in', values: wave(830_000, 0.1) },
      { name: 'out', values: out },
      { name: 'refused', values: wave(20_000, 2) },
    ],
  }
}

export function Gallery({ range }: { range: string | undefined }): View {
  const memory: ChartFigures = {
    ...chartOf(1),
    ...{ id: 'memory', title: 'Memory', unit: 'bytes' },
    series: [{ name: 'rss', values: chartOf(1).series[0]?.values.map((value) => value && value * 130) ?? [] }],
  }
  return (
    <Layout
      place={place}
      nav={NAV}
      current="/gallery"
      title="Gallery"
      crumbs={[{ href: '/', label: 'Deployments' }]}
      tabs={[
        { href: '/list', label: 'Waiting', count: 3 },
        ...['People', 'Policy', 'Network', 'Certificates', 'Keys and backup'].map((label) => ({
          href: '/list',
          label,
        })),
        { href: '/gallery', label: 'Everything', current: true },
      ]}
      action={
        <button type="button" class="button">
          Back up now
        </button>
      }
      user={{ name: 'maria', role: 'owner' }}
      menu={[{ href: '/account', label: 'Your account' }]}
      signOut="/sign-out"
      live="/gallery/live"
      charts
    >
      <Overviews />
      <Charts path="/gallery" range={range ?? '1h'} ranges={RANGES} charts={[chartOf(1), memory]} />
      <Texts />
      <Forms />
      <DangerForm
        action="/delete"
        title="Delete this credential"
        says="2 deployments use it; they will fail as soon as they connect again."
        name="warehouse"
        submit="Delete for good"
        error="The name that was typed is not the name of what this is about."
      />
      <SecretOnce
        title="Upload token"
        secret="slu_01J9ZQ4Y7Q.hVn3k0x9v2mWq8sT"
        explains="Whoever has it may upload to the dataset results until 24 December."
        uses={[{ name: 'GitHub Actions', snippet: 'curl --fail -H "Authorization: Bearer $TOKEN" …' }]}
        done="/list"
      />
      <Empty
        title="No peers yet"
        teaches="A peer is another Runtime whose bridges you accept."
        command="sluice peer add FILE"
        guide={{ label: 'How peers find each other', href: '/list' }}
      />
    </Layout>
  )
}

function Overviews(): View {
  return (
    <>
      <Needs
        well=""
        needs={[
          {
            state: 'awaiting-approval',
            what: 'Version 8 of orders-to-warehouse wants one more host',
            effect: 'Version 7 keeps running until you decide.',
            action: { label: 'Review', href: '/', main: true },
          },
          {
            state: 'late',
            what: 'The bridge to cloud-01 is down since 14:02',
            effect: '3,412 records wait at their source; nothing is lost.',
            action: { label: 'Check bridge', href: '/' },
          },
        ]}
      />
      <Tiles
        label="Figures"
        tiles={[
          { label: 'Records in, last hour', value: '4.21 M', context: '1,170 a second', trend: [3, 4, 4, 7, 6, 9] },
          { label: 'Platform', value: '3 s ago', context: 'clock +0.2 s · nothing owed' },
          { label: 'Disk', value: '61 %', context: '412 GB free' },
          { label: 'Certificate', value: '82 days', context: 'until it expires' },
        ]}
      />
      <Table
        id="credentials"
        title="Credentials"
        columns={[
          { title: 'Name' },
          { title: 'State' },
          { title: 'Records', numeric: true },
          { title: 'Bytes', numeric: true },
        ]}
        rows={['warehouse', 'archive'].map((name) => ({
          href: `/list?filter=${name}`,
          under: <Id value="cred_0199aaaa-1111-7abc-8def-0123456789ab" label="credential id" />,
          cells: [name, <State state="running" />, <Count value={1_234_567} />, <ByteCount value={9_876_543} />],
        }))}
      />
    </>
  )
}

function Texts(): View {
  return (
    <>
      <Notice kind="ok">The certificate is in use.</Notice>
      <Notice kind="warn">It expires in 12 days.</Notice>
      <Notice kind="bad">The key does not fit the certificate.</Notice>
      <div class="card">
        <Facts
          rows={[
            ['Fingerprint', <Id value="sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" />],
            ['Names', 'factory-01.example, 10.0.0.7'],
          ]}
        />
      </div>
      <Code name="score.ts" text={'export function score(record) {\n\treturn { ...record, score: 1 }\n}\n'} />
      <Diff
        name="policy"
        before={`hosts:\n${Array.from({ length: 12 }, (_, i) => `  - h${i}.example`).join('\n')}\nscripts: sandboxed\n`}
        after={`hosts:\n  - new.example\n${Array.from({ length: 12 }, (_, i) => `  - h${i}.example`).join('\n')}\nscripts: native\n`}
      />
    </>
  )
}

function Forms(): View {
  return (
    <Form
      action="/create"
      submit="Create credential"
      multipart
      failure={{ message: 'The credential was not created.', advice: 'Correct the fields below.' }}
      cancel={{ label: 'Cancel', href: '/list' }}
    >
      <Field
        name="name"
        label="Name"
        value="ware house"
        help="Letters, digits and dashes."
        error="must not have spaces"
      />
      <Field name="secret" label="Password" type="password" required />
      <Select
        name="type"
        label="Type"
        value="token"
        options={[
          { value: 'password', label: 'Password' },
          { value: 'token', label: 'Token' },
        ]}
      />
      <TextArea name="pem" label="Certificate (PEM)" rows={4} value={'-----BEGIN CERTIFICATE-----\n'} />
      <FileField name="file" label="Or a file" accept=".p12,.pfx" bytesMax={65_536} />
      <Check name="understood" label="Restart what uses it" />
    </Form>
  )
}
