/**
 * Ready scripts that upload test results from a pipeline, the same on a page and in the command. The token is never in them: each
 * reads it from the environment variable `SLUICE_TOKEN`, where the pipeline's own store of secrets puts it, and hands it to curl on
 * its standard input, so that no list of processes shows it.
 */

/** `url`: of the Runtime, without a slash at its end · `ca`: path of the PEM file of its authority in the pipeline, if it is no public one. */
export type CiPlace = { url: string; dataset: string; ca?: string | undefined }

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
  ...{ branch: '$(git rev-parse --abbrev-ref HEAD)', commit: '$(git rev-parse HEAD)' },
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
      text: `${['#!/usr/bin/env bash', ...shell(place, BASH)].join('\n')}\n`,
    },
    { name: 'powershell', title: 'PowerShell', language: 'powershell', text: powershell(place) },
  ]
}

/** One line that uploads one file with curl. */
export function curlLine(place: CiPlace): string {
  return [
    `printf 'Authorization: Bearer %s' "$SLUICE_TOKEN" | curl --header @- --fail-with-body`,
    ...(place.ca === undefined ? [] : [`--cacert ${quoted(place.ca)}`]),
    `--request POST --upload-file results.xml ${quoted(`${uploadsOf(place)}?name=results.xml`)}`,
  ].join(' ')
}

/** The same with `sluice upload`, which also waits for what becomes of each file; `files` as a shell reads them. */
export function uploadLine({ url, dataset, ca }: CiPlace, files = "'results/**/*.xml'"): string {
  const trusted = ca === undefined ? '' : ` --ca ${quoted(ca)}`
  return `sluice upload ${files} --dataset ${dataset} --token-env SLUICE_TOKEN --at ${quoted(url)}${trusted}`
}

function uploadsOf({ url, dataset }: CiPlace): string {
  return `${url}/v1/datasets/${dataset}/uploads`
}

/** A word of a POSIX shell; plain ones stay as they are. */
function quoted(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** Lines for any POSIX shell: `find` and not `**`, which most lack. */
function shell(place: CiPlace, { branch, commit, build, run }: Said): string[] {
  return [
    'set -eu',
    `branch="${branch}" commit="${commit}" build="${build}" run="${run}"`,
    `encoded() { printf %s "$1" | od -An -v -tx1 | tr -d ' \\n' | sed 's/../%&/g'; }`,
    'about="attribute.branch=$(encoded "$branch")&attribute.commit=$commit&attribute.build=$(encoded "$build")&attribute.run=$(encoded "$run")"',
    'test -d results',
    "find results -type f -name '*.xml' | while IFS= read -r file; do",
    `  printf 'Authorization: Bearer %s' "$SLUICE_TOKEN" | curl --header @- --silent --show-error --fail-with-body --retry 5 \\`,
    ...(place.ca === undefined ? [] : [`    --cacert ${quoted(place.ca)} \\`]),
    '    --header "Idempotency-Key: $(printf %s "$run" | cat - "$file" | sha256sum | cut -c 1-64)" \\',
    '    --request POST --upload-file "$file" \\',
    `    ${quoted(uploadsOf(place))}"?name=$(encoded "\${file##*/}")&$about"`,
    '  echo',
    'done',
  ]
}

function indented(lines: readonly string[], by: number): string[] {
  return lines.map((line) => `${' '.repeat(by)}${line}`)
}

function github(place: CiPlace): string {
  const lines = [
    ...['- name: Upload test results', '  if: always()', '  env:'],
    ...[`    SLUICE_TOKEN: \${{ secrets.SLUICE_TOKEN }}`, '  shell: bash', '  run: |'],
    ...indented(shell(place, GITHUB), 4),
  ]
  return `${lines.join('\n')}\n`
}

function gitlab(place: CiPlace): string {
  const lines = [
    '# SLUICE_TOKEN: Settings, CI/CD, Variables; masked and, for protected branches, protected.',
    '# What fails in after_script does not fail the job.',
    ...['test:', '  after_script:', '    - |'],
    ...indented(shell(place, GITLAB), 6),
  ]
  return `${lines.join('\n')}\n`
}

function azure(place: CiPlace): string {
  const lines = [
    '# SLUICE_TOKEN: a secret variable of the pipeline; secret ones reach a script only by `env`.',
    ...['- bash: |', ...indented(shell(place, AZURE), 4)],
    ...['  displayName: Upload test results', '  condition: always()', '  env:', '    SLUICE_TOKEN: $(SLUICE_TOKEN)'],
  ]
  return `${lines.join('\n')}\n`
}

/** Between three single quotes Groovy leaves `$` alone and reads `\`. */
function jenkins(place: CiPlace): string {
  const script = shell(place, JENKINS).map((line) => line.replaceAll('\\', '\\\\'))
  const lines = [
    '// sluice-token: a credential of kind "Secret text".',
    ...['post {', '  always {'],
    "    withCredentials([string(credentialsId: 'sluice-token', variable: 'SLUICE_TOKEN')]) {",
    ...["      sh '''", ...indented(script, 8), "      '''", '    }', '  }', '}'],
  ]
  return `${lines.join('\n')}\n`
}

/** `curl.exe` is part of Windows; `curl` alone is another command in its PowerShell. */
function powershell(place: CiPlace): string {
  const word = (text: string): string => `'${text.replaceAll("'", "''")}'`
  const lines = [
    "$ErrorActionPreference = 'Stop'",
    '$branch = git rev-parse --abbrev-ref HEAD',
    '$commit = git rev-parse HEAD',
    '$run = "$env:COMPUTERNAME-$(Get-Date -UFormat %s)"',
    'function Encoded($text) { [uri]::EscapeDataString($text) }',
    '$about = "attribute.branch=$(Encoded $branch)&attribute.commit=$commit&attribute.run=$(Encoded $run)"',
    "Get-ChildItem results -Recurse -File -Filter '*.xml' | ForEach-Object {",
    '  $hash = (Get-FileHash $_.FullName -Algorithm SHA256).Hash',
    '  "Authorization: Bearer $env:SLUICE_TOKEN" | curl.exe --header \'@-\' --silent --show-error --fail-with-body --retry 5 `',
    ...(place.ca === undefined ? [] : [`    --cacert ${word(place.ca)} \``]),
    '    --header "Idempotency-Key: $hash-$(Encoded $run)" `',
    '    --request POST --upload-file $_.FullName `',
    `    (${word(`${uploadsOf(place)}?name=`)} + (Encoded $_.Name) + "&$about")`,
    "  if ($LASTEXITCODE -ne 0) { throw 'the upload failed' }",
    '}',
  ]
  return `${lines.join('\n')}\n`
}
