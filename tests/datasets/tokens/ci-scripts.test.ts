import { expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type CiScript, ciScripts, curlLine, uploadLine } from '../../../src/datasets/mod.ts'
import { temporaryFolder } from '../../support/folder.ts'

const place = {
  ...{ url: 'https://factory-01:8752', dataset: 'ds_01890000-0000-7000-8000-000000000001', ca: "it's ca.pem" },
  shape: 'test-results' as const,
}
const textOf = (name: CiScript['name'], where: Parameters<typeof ciScripts>[0] = place): string =>
  ciScripts(where).find((one) => one.name === name)?.text ?? ''

test('every script names the address and takes the token from where secrets are', () => {
  for (const { name, text } of ciScripts(place)) {
    expect(text).toContain(`${place.url}/v1/datasets/${place.dataset}/uploads`)
    expect(text).toContain(name === 'powershell' ? '$env:SLUICE_UPLOAD_TOKEN' : '$SLUICE_UPLOAD_TOKEN')
    // On the command line every process of the machine could read it.
    expect(text).not.toMatch(/--header "?Authorization/)
    expect(text).toContain(name === 'powershell' ? "--cacert 'it''s ca.pem'" : "--cacert 'it")
  }
})

test('without an authority of its own nothing is said of one, but for a hint in the script that people take elsewhere', () => {
  const { ca: _, ...without } = place
  const saying = ciScripts(without).filter(({ text }) => text.includes('cacert'))
  expect(saying.map(({ name }) => name)).toEqual(['bash'])
  expect(curlLine(without)).not.toContain('cacert')
  expect(uploadLine(without)).toBe(`sluice upload 'results/**/*.xml' --dataset ${place.dataset} --at ${place.url}`)
})

test('what is YAML parses as YAML, with the shell’s lines whole in it', () => {
  const [github] = parse(textOf('github'))
  const [azure] = parse(textOf('azure'))
  const gitlab = parse(textOf('gitlab'))
  expect(github).toMatchObject({
    if: 'always()',
    shell: 'bash',
    env: { SLUICE_UPLOAD_TOKEN: `\${{ secrets.SLUICE_UPLOAD_TOKEN }}` },
  })
  expect(azure).toMatchObject({ condition: 'always()', env: { SLUICE_UPLOAD_TOKEN: '$(SLUICE_UPLOAD_TOKEN)' } })
  for (const script of [github.run, azure.bash, gitlab.test.after_script[0]]) {
    expect(script).toStartWith('set -eu\n')
    expect(script).toEndWith('}\n')
  }
  // Groovy reads one of two backslashes.
  expect(textOf('jenkins')).toContain("tr -d ' \\\\n'")
})

test('files and the name of the step are those of the dataset’s shape', () => {
  const tables = { ...place, shape: 'table' as const }
  for (const { text } of ciScripts(tables)) {
    expect(text).not.toMatch(/xml|results|always/)
    expect(text).toContain('*.csv')
  }
  expect(parse(textOf('github', tables))[0].name).toBe('Upload tables')
  expect(curlLine(tables)).toContain('tables.csv')
  expect(uploadLine({ ...place, shape: 'issues' })).toStartWith("sluice upload 'issues/**/*.csv' ")
  for (const { name, text } of ciScripts(place)) expect([name, text.includes('*.xml')]).toEqual([name, true])
})

test('a folder without results fails the step and says so, in place of a green one that uploaded nothing', async () => {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'results'))
  const child = Bun.spawn(['bash', '-c', textOf('bash').replaceAll('git rev-parse', 'echo git')], {
    ...{
      cwd: folder.path,
      stderr: 'pipe',
      stdout: 'ignore',
      env: { PATH: process.env['PATH'], SLUICE_UPLOAD_TOKEN: 'slu_x' },
    },
  })
  const told = await new Response(child.stderr).text()
  expect([await child.exited, told]).toEqual([1, 'no *.xml stands below results: there is nothing to upload\n'])
})

test('the bash script says nothing of git outside of one, and how to trust an authority of one’s own', async () => {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'results'))
  const env = { PATH: process.env['PATH'], SLUICE_UPLOAD_TOKEN: 'slu_x', GIT_CEILING_DIRECTORIES: '/' }
  const child = Bun.spawn(['bash', '-c', textOf('bash')], { cwd: folder.path, stderr: 'pipe', stdout: 'ignore', env })
  const told = await new Response(child.stderr).text()
  expect([await child.exited, told]).toEqual([1, 'no *.xml stands below results: there is nothing to upload\n'])
  expect(textOf('bash', { ...place, ca: undefined })).toContain('--cacert FILE')
})
