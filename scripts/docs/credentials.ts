/** docs/credentials.md: the kinds of credentials with their fields, where values may come from, and what is shown of them. */
import { credentialKinds, fieldsOf } from '../../src/keys/mod.ts'
import { fenced, GENERATED, page, table } from './markdown.ts'

const INTRODUCTION = [
  'A credential is a named secret in a Runtime’s vault. Components use it by its name; the Platform knows the name and nothing else.',
  'It is set, replaced, tried and removed, and there is no way to read it back: not in the API, on a page, by the command, or in a log.',
].join('\n')

const SHOWN = [
  'Shown are the kind, the names of the fields, when it was set and replaced, where each field comes from (the name of the variable,',
  'the path of the file, the program of the command without its arguments), who uses it, and the public part of a key. No field is',
  'shown, a user name as little as a password: where fields are shown, people put secrets into them by mistake.',
].join('\n')

const SOURCES = [
  'The value of a field stands in the vault, or it is fetched at every use and kept by nobody:',
  '',
  '- `{ "environment": "NAME" }`: a variable of the Runtime’s process. Its own (`SLUICE_…`) are refused.',
  '- `{ "file": "/path" }`: a regular file of at most 64 KiB, links followed. The data folder, the master key’s file, `/proc`, `/sys` and `/dev` are refused.',
  '- `{ "command": ["vault", "kv", "get", …], "variables": ["VAULT_ADDR"] }`: what a program prints. It runs without a shell, with',
  '  `PATH`, `HOME`, `USER`, `LANG`, `LC_ALL`, `TZ`, `TMPDIR` and the variables that it names, prints at most 64 KiB within 20 s, and',
  '  is killed beyond that with all it started. What it says on standard error goes nowhere.',
  '- With `"member": "password"` the place holds a JSON object, and that member of it is the value.',
  '',
  'One newline at the end is left out. The setting `credential-sources` says which sources a Runtime takes at all; only owners set them,',
  'and a command only after they have proved once more who they are.',
].join('\n')

const USES = [
  'Setting a credential that is used starts the deployments that run with it anew. Removing one that is used must be meant; what runs',
  'keeps what it was lent until its next start, and fails then. A deployment whose flow has ended uses it too: a replay of refused',
  'records or a restart starts it again unasked. One that somebody stopped does not. `sluice credential check NAME` tries it with the components in force',
  'that use it, each in a process of its own; a version that waits for approval is never tried, since its hosts and paths are not',
  'approved. It tells the code of what is wrong and no message, which may name what a field holds.',
].join('\n')

export function credentialsPage(): string {
  const kinds = credentialKinds.flatMap((kind) => [
    `## \`${kind.kind}\``,
    kind.summary,
    ...(kind.lends === undefined ? [] : [`Components are lent ${kind.lends}`]),
    ...(kind.entries === undefined
      ? []
      : [
          table(
            ['field', '', 'what it is'],
            fieldsOf(kind).map(({ name, optional, description }) => [
              `\`${name}\``,
              optional ? 'optional' : '**required**',
              description,
            ]),
          ),
        ]),
  ])
  return page(
    '# Credentials',
    GENERATED,
    INTRODUCTION,
    SHOWN,
    '## Where values come from',
    SOURCES,
    fenced(
      'sh',
      [
        'sluice credential set warehouse --kind password --from username=environment:DB_USER \\',
        '  --from \'password={"command": ["vault", "kv", "get", "-format=json", "db"], "member": "password"}\'',
        'sluice credential generate deploy-key --kind ssh_key',
        'sluice credential check warehouse',
      ].join('\n'),
    ),
    '## Who uses them',
    USES,
    ...kinds,
  )
}
