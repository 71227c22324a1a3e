/** A question in SQL, what may be named in it, and its answer as a table. */
import type { FailedForm } from '../../server/mod.ts'
import { Empty, Form, grouped, Notice, Rows, TextArea, type View } from '../../web/mod.ts'
import { SQL_BYTES_MAX, type SqlAnswer, type SqlView } from '../../wire/mod.ts'

/** Rows that the page shows; the file has all of the answer. */
const ROWS_SHOWN_MAX = 200
const ANSWER_COLUMNS_SHOWN_MAX = 50
const CELL_LENGTH_MAX = 200
/** Of datasets and of the columns of each, what stands beside the question. */
const VIEWS_SHOWN_MAX = 100
const COLUMNS_SHOWN_MAX = 60

export type SqlPageProps = {
  /** As it was typed. */
  sql: string
  views: readonly SqlView[]
  answer?: SqlAnswer
  failed: FailedForm
  /** Of this page. */
  path: string
}

export function SqlPage({ sql, views, answer, failed: { failure, errors }, path }: SqlPageProps): View {
  if (views.length === 0)
    return (
      <Empty
        title="No datasets"
        teaches="Questions in SQL go to the datasets of a data tenant, and this one has none yet."
      />
    )
  return (
    <>
      <Form action={path} submit="Ask" failure={failure}>
        <TextArea
          name="sql"
          label="Question in SQL"
          rows={8}
          required
          lengthMax={SQL_BYTES_MAX}
          value={sql === '' ? exampleOf(views) : sql}
          error={errors['sql']}
          help="One SELECT, WITH or VALUES in SQLite’s SQL. It reads and changes nothing, and is ended after ten seconds."
        />
      </Form>
      {answer !== undefined && <Answer {...{ answer, sql, path }} />}
      <Names views={views} />
    </>
  )
}

function exampleOf([first]: readonly SqlView[]): string {
  return first ? `SELECT * FROM ${first.name} LIMIT 10` : ''
}

function Answer({ answer, sql, path }: { answer: SqlAnswer; sql: string; path: string }): View {
  const { columns, rows, more, elapsedMs } = answer
  const shown = rows.slice(0, ROWS_SHOWN_MAX)
  const count = `${grouped(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`
  return (
    <section class="listing" aria-labelledby="answer-title">
      <div class="listing-head">
        <h2 id="answer-title">{`${count} in ${grouped(elapsedMs)} ms`}</h2>
      </div>
      {more && <Notice kind="warn">There are more rows than one answer holds: ask for less, or in parts.</Notice>}
      <div class="card">
        {rows.length === 0 ? (
          <p class="nothing">No row fits.</p>
        ) : (
          <Rows
            title="Answer"
            columns={columns.slice(0, ANSWER_COLUMNS_SHOWN_MAX).map(({ name }, at) => ({
              title: cut(name),
              numeric: shown.every((row) => row[at] === null || typeof row[at] === 'number'),
            }))}
            rows={shown.map((row) => ({ cells: row.slice(0, ANSWER_COLUMNS_SHOWN_MAX).map(cellOf) }))}
          />
        )}
        {rows.length > ROWS_SHOWN_MAX && (
          <p class="nothing">{`The first ${ROWS_SHOWN_MAX} rows; the file has all ${grouped(rows.length)}.`}</p>
        )}
        {columns.length > ANSWER_COLUMNS_SHOWN_MAX && (
          <p class="nothing">
            {`The first ${ANSWER_COLUMNS_SHOWN_MAX} columns; the file has all ${grouped(columns.length)}.`}
          </p>
        )}
      </div>
      <Form action={path} submit="Ask again, as a CSV file" hidden={{ sql, as: 'csv' }} />
    </section>
  )
}

function cellOf(value: string | number | null): string | null {
  return value === null ? null : cut(String(value))
}

function Names({ views }: { views: readonly SqlView[] }): View {
  const others = views.length - VIEWS_SHOWN_MAX
  return (
    <section class="listing" aria-labelledby="names-title">
      <div class="listing-head">
        <h2 id="names-title">What can be named</h2>
      </div>
      <div class="card">
        <Rows
          title="Datasets in SQL"
          columns={[{ title: 'Dataset' }, { title: 'Columns' }]}
          rows={views.slice(0, VIEWS_SHOWN_MAX).map(({ name, columns }) => ({
            cells: [<code>{name}</code>, <Columns names={columns} />],
          }))}
        />
        {others > 0 && <p class="nothing">{`And ${grouped(others)} more: sluice dataset sql lists them all.`}</p>}
      </div>
    </section>
  )
}

function Columns({ names }: { names: readonly string[] }): View {
  const others = names.length - COLUMNS_SHOWN_MAX
  const text = names.slice(0, COLUMNS_SHOWN_MAX).map(cut)
  return <>{`${text.join(', ')}${others > 0 ? ` and ${grouped(others)} more` : ''}`}</>
}

function cut(text: string): string {
  return text.length > CELL_LENGTH_MAX ? `${text.slice(0, CELL_LENGTH_MAX - 1)}…` : text
}
