/** Upload tokens of a dataset: which there are, the form for one more, and the one that was made, shown this once. */
import { UPLOAD_TOKEN_DAYS, UPLOAD_TOKEN_DAYS_MAX, type UploadTokenSummary } from '../../datasets/mod.ts'
import { type FailedForm, PostButton } from '../../server/mod.ts'
import { Ago, Field, Form, Id, NameField, SecretOnce, State, Table, type View } from '../../web/mod.ts'

const STATES = {
  in_force: { state: 'running', word: 'in force' },
  expired: { state: 'stopped', word: 'expired' },
  revoked: { state: 'closed', word: 'revoked' },
} as const

/** `path`: of the dataset's tokens. */
export type TokensProps = { tokens: readonly UploadTokenSummary[]; path: string; nowMs: number }

export function UploadTokens({ tokens, path, nowMs }: TokensProps): View {
  return (
    <Table
      id="upload-tokens"
      title="Upload tokens"
      columns={[
        { title: 'Name' },
        { title: 'State' },
        { title: 'Last used' },
        { title: 'From' },
        { title: 'Ends' },
        { title: 'Id' },
        { title: '' },
      ]}
      rows={tokens.map((token) => ({
        cells: [
          token.name,
          <State {...STATES[token.state]} />,
          token.usedAt === null ? 'Never' : <Ago at={token.usedAt} now={nowMs} />,
          token.address,
          <Ago at={token.revokedAt ?? token.expiresAt} now={nowMs} />,
          <Id value={token.id} label={`id of ${token.name}`} />,
          token.state === 'in_force' && (
            <PostButton
              action={`${path}/${token.id}/revoke`}
              label="Revoke"
              describes={`Revoke ${token.name}: from the next request on what uploads with it fails`}
            />
          ),
        ],
      }))}
      empty="No tokens. A pipeline uploads to this dataset with one, and can do nothing else with it."
    />
  )
}

export function NewUploadToken(
  props: FailedForm & { path: string; name: string | undefined; days: string | undefined },
): View {
  const { path, name, days, failure, errors } = props
  return (
    <Form action={`${path}/new`} submit="Make the token" failure={failure} cancel={{ label: 'Cancel', href: path }}>
      <NameField value={name} error={errors['name']} help="What uploads with it: the pipeline, the job." />
      <Field
        name="days"
        label="Days until it ends"
        value={days ?? String(UPLOAD_TOKEN_DAYS)}
        error={errors['days']}
        required
        inputmode="numeric"
        lengthMax={4}
        help={`1 to ${UPLOAD_TOKEN_DAYS_MAX}. It may upload to this dataset, and nothing else, until then or until it is revoked.`}
      />
    </Form>
  )
}

export type MadeTokenProps = {
  token: string
  /** Ready to be put into a pipeline, by its title. */
  uses: readonly { name: string; snippet: string }[]
  /** The file by which the scripts trust this Runtime, where no public authority vouches for it. */
  caFile: string | undefined
  /** Where the tokens are listed. */
  path: string
}

export function MadeUploadToken({ token, uses, caFile, path }: MadeTokenProps): View {
  const explains = (
    <>
      Put it where the pipeline keeps its secrets, as <code>SLUICE_UPLOAD_TOKEN</code>. None of these scripts has it in
      it.
      {caFile !== undefined && (
        <>
          {' '}
          They trust this Runtime by the file <code>{caFile}</code>, which is no secret: it is the last of them.
        </>
      )}
    </>
  )
  return <SecretOnce {...{ title: 'Upload token', secret: token, explains, uses, done: path }} />
}
