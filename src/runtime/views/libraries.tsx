/** The pages of libraries: all versions with their hashes, one with its files and whoever uses it, and the form that installs. */

import { nounFor } from '../../base/mod.ts'
import type { DangerProps } from '../../server/mod.ts'
import {
  Ago,
  ByteCount,
  CopyButton,
  Empty,
  Facts,
  type Failure,
  Field,
  type FieldErrors,
  FileField,
  Form,
  type Listing,
  Notice,
  pageOf,
  Table,
  type TableRow,
  type View,
} from '../../web/mod.ts'
import { spelled, type UsedLibrary } from '../libraries/library-desk.ts'
import { LIBRARY_BYTES_MAX } from '../libraries/package.ts'
import { Section, Uses } from './credentials.tsx'

export const LIBRARIES_PATH = '/settings/libraries'
/** Words by which the list is sorted. */
export const LIBRARY_SORTS = ['name', 'installed', 'bytes', 'uses'] as const
/** Files that a page lists; an archive may hold 4,096. */
const FILES_SHOWN_MAX = 500

const TERMS = {
  text: (one: UsedLibrary) => `${spelled(one)} ${one.sha256}`,
  by: {
    name: (one: UsedLibrary) => spelled(one),
    installed: (one: UsedLibrary) => one.installedAtMs,
    bytes: (one: UsedLibrary) => one.bytes,
    uses: (one: UsedLibrary) => one.uses.length,
  } satisfies Record<(typeof LIBRARY_SORTS)[number], unknown>,
}

export type LibraryListProps = {
  libraries: readonly UsedLibrary[]
  notAuthentic: readonly string[]
  listing: Listing
  mayChange: boolean
  nowMs: number
}

export function LibraryList({ libraries, notAuthentic, listing, mayChange, nowMs }: LibraryListProps): View {
  const { rows, total } = pageOf(libraries, listing, TERMS)
  return (
    <>
      {notAuthentic.length > 0 && (
        <Notice kind="bad">
          {`Something else wrote ${notAuthentic.join(', ')} into the database. They count for nothing; remove them with the command.`}
        </Notice>
      )}
      {libraries.length === 0 ? (
        <Empty
          title="No libraries"
          teaches="A library is a module that scripts of deployments may import. It is installed from a file of yours; nothing is fetched, and nothing of it runs when it is installed."
          command="sluice library install left-pad-1.3.0.tgz"
          {...(mayChange && { actions: [{ label: 'Install a library', href: `${LIBRARIES_PATH}/~install` }] })}
        />
      ) : (
        <Table
          id="libraries"
          title="Libraries"
          columns={[
            { title: 'Name', sort: 'name' },
            { title: 'Version' },
            { title: 'SHA-256' },
            { title: 'Size', numeric: true, sort: 'bytes' },
            { title: 'Installed', sort: 'installed' },
            { title: 'Used by', numeric: true, sort: 'uses' },
          ]}
          rows={rows.map((one) => rowOf(one, nowMs))}
          {...{ listing, total }}
          filterLabel="Filter by name or hash"
        />
      )}
    </>
  )
}

function rowOf(one: UsedLibrary, nowMs: number): TableRow {
  return {
    href: libraryAddress(one),
    cells: [
      one.name,
      one.version,
      <code>{one.sha256.slice(0, 12)}</code>,
      <ByteCount value={one.bytes} />,
      <Ago at={one.installedAtMs} now={nowMs} />,
      String(one.uses.length),
    ],
  }
}

export type LibraryPageProps = {
  library: UsedLibrary
  contents: readonly { path: string; bytes: number }[]
  nowMs: number
  /** The form that removes it. */
  danger?: View | undefined
}

export function LibraryPage({ library, contents, nowMs, danger }: LibraryPageProps): View {
  const { sha256, dependencies, uses } = library
  return (
    <>
      <Section id="facts" title={spelled(library)}>
        <Facts
          rows={[
            [
              'SHA-256 of the file',
              <span class="break">
                <code>{sha256}</code> <CopyButton text={sha256} label="Copy the hash" small />
              </span>,
            ],
            ['Size', <ByteCount value={library.bytes} />],
            [
              'Unpacked',
              [
                `${library.files.count} ${nounFor(library.files.count, 'file')}, `,
                <ByteCount value={library.files.bytes} />,
              ],
            ],
            ['Scripts import', <code>{library.entry}</code>],
            ['It imports', dependencies.length === 0 ? 'nothing else' : dependencies.join(', ')],
            ['Installed', <Ago at={library.installedAtMs} now={nowMs} />],
          ]}
        />
      </Section>
      <Uses uses={uses} title="Used by" nobody="Nothing that is in force or waits uses it." />
      <Table
        id="files"
        title="Files"
        columns={[{ title: 'Path' }, { title: 'Size', numeric: true }]}
        rows={contents
          .slice(0, FILES_SHOWN_MAX)
          .map(({ path, bytes }) => ({ cells: [path, <ByteCount value={bytes} />] }))}
      />
      {contents.length > FILES_SHOWN_MAX && <p class="nothing">{`… and ${contents.length - FILES_SHOWN_MAX} more`}</p>}
      {danger}
    </>
  )
}

/** The form that removes a version. */
export function removalOf(library: UsedLibrary): DangerProps {
  return {
    action: `${libraryAddress(library)}/remove`,
    title: 'Remove this version',
    says: 'Nothing uses it. A Blueprint that names it is refused from then on.',
    name: spelled(library),
    submit: 'Remove the version',
  }
}

export function InstallLibrary(props: {
  values?: Readonly<Record<string, unknown>>
  failure?: Failure | undefined
  errors?: FieldErrors
}): View {
  const { values = {}, failure, errors = {} } = props
  const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  return (
    <Form
      action={`${LIBRARIES_PATH}/~install`}
      submit="Install"
      multipart
      failure={failure}
      cancel={{ label: 'Cancel', href: LIBRARIES_PATH }}
    >
      <FileField
        name="file"
        label="File"
        accept=".tgz,.gz,.js,.mjs,.ts,.mts"
        help="A module, or a tarball as `npm pack` makes it. It is read and kept; nothing of it is run."
        bytesMax={LIBRARY_BYTES_MAX}
        required
        error={errors['file']}
      />
      <Field
        name="name"
        label="Name (may stay empty)"
        help="For a module; a tarball says its own."
        value={textOf(values['name'])}
        lengthMax={128}
        error={errors['name']}
      />
      <Field
        name="version"
        label="Version (may stay empty)"
        help="For a module, such as 1.0.0. Without it each content is a version of its own."
        value={textOf(values['version'])}
        lengthMax={64}
        error={errors['version']}
      />
    </Form>
  )
}

/** The page of one version. */
export function libraryAddress({ name, version }: Pick<UsedLibrary, 'name' | 'version'>): string {
  return `${LIBRARIES_PATH}/${encodeURIComponent(name)}/${encodeURIComponent(version)}`
}
