/**
 * Ready scripts that upload from a pipeline and see what became of it, the same on a page and in the command. The token is never in
 * them: each reads it from the environment variable `SLUICE_UPLOAD_TOKEN`, where the pipeline's own store of secrets puts it, and hands it to curl on
 * its standard input, so that no list of processes shows it.
 */

import type { Shape } from '../../wire/mod.ts'

/**
 * `url`: of the Runtime, without a slash at its end · `shape`: of the dataset · `ca`: path of the PEM file of its authority in the
 * pipeline, if it is no public one.
 */
export type CiPlace = { url: string; dataset: string; shape: Shape; ca?: string | undefined }

/** Which files a dataset of each shape takes from a pipeline, as most write them, and how people call those. */
const FILES: Readonly<Record<Shape, { folder: string; ending: string; called: string }>> = {
  'test-results': { folder: 'results', ending: 'xml', called: 'test results' },
  issues: { folder: 'issues', ending: 'csv', called: 'issues' },
  reviews: { folder: 'reviews', ending: 'json', called: 'reviews' },
  table: { folder: 'tables', ending: 'csv', called: 'tables' },
}
/** Asked once a second, for as long as `sluice upload` waits as well. */
const ASKED_MAX = 3_600

/** `name`: for a flag · `title`: for a tab · `language`: how it is highlighted. */
export type CiScript = {
  name: 'github' | 'gitlab' | 'azure' | 'jenkins' | 'bash' | 'powershell'
  title: string
  language: 'yaml' | 'groovy' | 'bash' | 'powershell'
  text: string
}

/** Where each pipeline says what it builds, as a shell reads it. `run`: one for each attempt, so that a repeated one is a run of its own. */
type Said = { branch: string; commit: string; build: string; run: string }

const GITHUB: Said = {
  ...{ branch: '$GITHUB_REF_NAME', commit: '$GITHUB_SHA', build: '$GITHUB_RUN_NUMBER' },
  run: '$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT-$GITHUB_JOB',
}
const GITLAB: Said = {
  ...{ branch: '$CI_COMMIT_REF_NAME', commit: '$CI_COMMIT_SHA', build: '$CI_PIPELINE_IID', run: '$CI_JOB_ID' },
}
const AZURE: Said = {
  ...{ branch: `\${BUILD_SOURCEBRANCH#refs/heads/}`, commit: '$BUILD_SOURCEVERSION', build: '$BUILD_BUILDNUMBER' },
  run: '$BUILD_BUILDID-$SYSTEM_JOBATTEMPT-$SYSTEM_JOBID',
}
const JENKINS: Said = {
  ...{ branch: `\${BRANCH_NAME:-\${GIT_BRANCH:-}}`, commit: '$GIT_COMMIT', build: '$BUILD_NUMBER', run: '$BUILD_TAG' },
}
const BASH: Said = {
  // Beside a copy from git; elsewhere both stay empty, without a word.
  ...{ branch: '$(git rev-parse --abbrev-ref HEAD 2>/dev/null)', commit: '$(git rev-parse HEAD 2>/dev/null)' },
  ...{ build: '$(date -u +%Y-%m-%dT%H:%M:%SZ)', run: '$(uname -n)-$(date +%s)' },
}

/** One script for each kind of pipeline. What is given is quoted where a shell would read more into it. */
export function ciScripts(place: CiPlace): CiScript[] {
  return [
    { name: 'github', title: 'GitHub Actions', language: 'yaml', text: github(place) },
    { name: 'gitlab', title: 'GitLab CI', language: 'yaml', text: gitlab(place) },
    { name: 'azure', title: 'Azure Pipelines', language: 'yaml', text: azure(place) },
    { name: 'jenkins', title: 'Jenkins', language: 'groovy', text: jenkins(place) },
    {
      name: 'bash',
      title: 'curl',
      language: 'bash',
      text: `${['#!/usr/bin/env bash', ...trustHint(place), ...shell(place, BASH)].join('\n')}\n`,
    },
    { name: 'powershell', title: 'PowerShell', language: 'powershell', text: powershell(place) },
  ]
}

/** Whoever takes the script elsewhere may have to tell curl whom to trust. */
function trustHint({ ca }: CiPlace): string[] {
  return ca === undefined
    ? ['# Where curl does not know the authority of the certificate: add --cacert FILE behind --header @-']
    : []
}

/** One line that uploads one file with curl. */
export function curlLine(place: CiPlace): string {
  const { folder, ending } = FILES[place.shape]
  const file = `${folder}.${ending}`
  return [
    `printf 'Authorization: Bearer %s' "$SLUICE_UPLOAD_TOKEN" | curl --header @- --fail-with-body`,
    ...(place.ca === undefined ? [] : [`--cacert ${quoted(place.ca)}`]),
    `--request POST --upload-file ${file} ${quoted(`${uploadsOf(place)}?name=${file}`)}`,
  ].join(' ')
}

/** The same with `sluice upload`, which also waits for what becomes of each file; `files` as a shell reads them. */
export function uploadLine({ url, dataset, shape, ca }: CiPlace, files = globOf(shape)): string {
  const trusted = ca === undefined ? '' : ` --ca ${quoted(ca)}`
  return `sluice upload ${files} --dataset ${dataset} --at ${quoted(url)}${trusted}`
}

function globOf(shape: Shape): string {
  const { folder, ending } = FILES[shape]
  return `'${folder}/**/*.${ending}'`
}

function datasetOf({ url, dataset }: CiPlace): string {
  return `${url}/v1/datasets/${dataset}`
}

function uploadsOf(place: CiPlace): string {
  return `${datasetOf(place)}/uploads`
}

function titleOf({ shape }: CiPlace): string {
  return `Upload ${FILES[shape].called}`
}

/** A word of a POSIX shell; plain ones stay as they are. */
function quoted(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/**
 * Lines for any POSIX shell: `find` and not `**`, which most lack. All documents are uploaded before the first is asked about, since
 * the Runtime imports them meanwhile; a pipe's last part is a shell of its own, and ends the script by how it ends.
 */
function shell(place: CiPlace, { branch, commit, build, run }: Said): string[] {
  const { folder, ending } = FILES[place.shape]
  const found = `find ${folder} -type f -name '*.${ending}'`
  return [
    'set -eu',
    `branch="${branch}" commit="${commit}" build="${build}" run="${run}"`,
    `encoded() { printf %s "$1" | od -An -v -tx1 | tr -d ' \\n' | sed 's/../%&/g'; }`,
    `field() { grep -o "\\"$1\\":[^,}]*" | head -n 1 | cut -d : -f 2 | tr -d '"'; }`,
    'ask() {',
    `  printf 'Authorization: Bearer %s' "$SLUICE_UPLOAD_TOKEN" | curl --header @- --silent --show-error --fail-with-body --retry 5 \\`,
    ...(place.ca === undefined ? [] : [`    --cacert ${quoted(place.ca)} \\`]),
    '    "$@"',
    '}',
    'about="attribute.branch=$(encoded "$branch")&attribute.commit=$commit&attribute.build=$(encoded "$build")&attribute.run=$(encoded "$run")"',
    `files=$(${found})`,
    `test -n "$files" || { echo 'no *.${ending} stands below ${folder}: there is nothing to upload' >&2; exit 1; }`,
    `${found} | {`,
    "  imports='' failed=0",
    '  while IFS= read -r file; do',
    '    key=$(printf %s "$run" | cat - "$file" | sha256sum | cut -c 1-64)',
    `    answer=$(ask --header "Idempotency-Key: $key" --request POST --upload-file "$file" \\`,
    `      ${quoted(uploadsOf(place))}"?name=$(encoded "\${file##*/}")&$about") || { echo "$file: $answer" >&2; exit 1; }`,
    '    import=$(printf %s "$answer" | field import)',
    '    echo "$file: $import"',
    '    imports="$imports $import"',
    '  done',
    '  for import in $imports; do',
    `    asked=0 state=queued`,
    `    while test "$state" = queued -o "$state" = running; do`,
    `      test "$asked" -eq 0 || sleep 1`,
    `      asked=$((asked + 1))`,
    `      test "$asked" -le ${ASKED_MAX} || break`,
    `      report=$(ask ${quoted(`${datasetOf(place)}/imports`)}"/$import") || { echo "$import: $report" >&2; exit 1; }`,
    '      state=$(printf %s "$report" | field state)',
    '    done',
    '    echo "$import: $state, $(printf %s "$report" | field rowsRefused) refused"',
    '    test "$state" = done || failed=1',
    '  done',
    `  test "$failed" -eq 0 || echo 'not everything was taken: the pages of the dataset say what was refused, and why' >&2`,
    '  exit "$failed"',
    '}',
  ]
}

function indented(lines: readonly string[], by: number): string[] {
  return lines.map((line) => `${' '.repeat(by)}${line}`)
}

/** They are worth most when the step before failed. */
function isOfTests({ shape }: CiPlace): boolean {
  return shape === 'test-results'
}

function github(place: CiPlace): string {
  const lines = [
    ...[`- name: ${titleOf(place)}`, ...(isOfTests(place) ? ['  if: always()'] : []), '  env:'],
    ...[`    SLUICE_UPLOAD_TOKEN: \${{ secrets.SLUICE_UPLOAD_TOKEN }}`, '  shell: bash', '  run: |'],
    ...indented(shell(place, GITHUB), 4),
  ]
  return `${lines.join('\n')}\n`
}

function gitlab(place: CiPlace): string {
  const lines = [
    '# SLUICE_UPLOAD_TOKEN: Settings, CI/CD, Variables; masked and, for protected branches, protected.',
    ...(isOfTests(place)
      ? ['# What fails in after_script is told in the log of the job and does not fail it.', 'test:', '  after_script:']
      : ['upload:', '  script:']),
    '    - |',
    ...indented(shell(place, GITLAB), 6),
  ]
  return `${lines.join('\n')}\n`
}

function azure(place: CiPlace): string {
  const lines = [
    '# SLUICE_UPLOAD_TOKEN: a secret variable of the pipeline; secret ones reach a script only by `env`.',
    ...['- bash: |', ...indented(shell(place, AZURE), 4)],
    ...[
      `  displayName: ${titleOf(place)}`,
      ...(isOfTests(place) ? ['  condition: always()'] : []),
      '  env:',
      '    SLUICE_UPLOAD_TOKEN: $(SLUICE_UPLOAD_TOKEN)',
    ],
  ]
  return `${lines.join('\n')}\n`
}

/** Between three single quotes Groovy leaves `$` alone and reads `\`. */
function jenkins(place: CiPlace): string {
  const script = shell(place, JENKINS).map((line) => line.replaceAll('\\', '\\\\'))
  const lines = [
    '// sluice-token: a credential of kind "Secret text".',
    ...['post {', isOfTests(place) ? '  always {' : '  success {'],
    "    withCredentials([string(credentialsId: 'sluice-token', variable: 'SLUICE_UPLOAD_TOKEN')]) {",
    ...["      sh '''", ...indented(script, 8), "      '''", '    }', '  }', '}'],
  ]
  return `${lines.join('\n')}\n`
}

/** `curl.exe` is part of Windows; `curl` alone is another command in its PowerShell. */
function powershell(place: CiPlace): string {
  const { folder, ending } = FILES[place.shape]
  const word = (text: string): string => `'${text.replaceAll("'", "''")}'`
  const lines = [
    "$ErrorActionPreference = 'Stop'",
    '$branch = git rev-parse --abbrev-ref HEAD',
    '$commit = git rev-parse HEAD',
    '$run = "$env:COMPUTERNAME-$(Get-Date -UFormat %s)"',
    'function Encoded($text) { [uri]::EscapeDataString($text) }',
    'function Ask {',
    '  $answer = "Authorization: Bearer $env:SLUICE_UPLOAD_TOKEN" | curl.exe --header \'@-\' --silent --show-error --fail-with-body --retry 5 `',
    ...(place.ca === undefined ? [] : [`    --cacert ${word(place.ca)} \``]),
    '    @args',
    '  if ($LASTEXITCODE -ne 0) { throw "asking the Runtime failed: $answer" }',
    '  $answer | ConvertFrom-Json',
    '}',
    '$about = "attribute.branch=$(Encoded $branch)&attribute.commit=$commit&attribute.run=$(Encoded $run)"',
    `$files = @(Get-ChildItem ${folder} -Recurse -File -Filter '*.${ending}')`,
    `if ($files.Count -eq 0) { throw 'no *.${ending} stands below ${folder}: there is nothing to upload' }`,
    '$imports = foreach ($file in $files) {',
    '  $hash = (Get-FileHash $file.FullName -Algorithm SHA256).Hash',
    '  $answer = Ask --header "Idempotency-Key: $hash-$(Encoded $run)" --request POST --upload-file $file.FullName `',
    `    (${word(`${uploadsOf(place)}?name=`)} + (Encoded $file.Name) + "&$about")`,
    '  $answer.import',
    '}',
    '$failed = $false',
    'foreach ($import in $imports) {',
    `  for ($asked = 0; $asked -lt ${ASKED_MAX}; $asked++) {`,
    `    $report = Ask (${word(`${datasetOf(place)}/imports/`)} + $import)`,
    "    if ($report.state -notin 'queued', 'running') { break }",
    '    Start-Sleep -Seconds 1',
    '  }',
    '  "$($import): $($report.state), $($report.rowsRefused) refused"',
    "  if ($report.state -ne 'done') { $failed = $true }",
    '}',
    "if ($failed) { throw 'not everything was taken: the pages of the dataset say what was refused, and why' }",
  ]
  return `${lines.join('\n')}\n`
}
