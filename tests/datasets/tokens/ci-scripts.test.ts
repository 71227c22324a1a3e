import { expect, test } from 'bun:test'
import { parse } from 'yaml'
import { type CiScript, ciScripts, curlLine, uploadLine } from '../../../src/datasets/mod.ts'

const place = { url: 'https://factory-01:8752', dataset: 'ds_01890000-0000-7000-8000-000000000001', ca: "it's ca.pem" }
const textOf = (name: CiScript['name'], where: Parameters<typeof ciScripts>[0] = place): string =>
  ciScripts(where).find((one) => one.name === name)?.text ?? ''

test('every script names the address and takes the token from where secrets are', () => {
  for (const { name, text } of ciScripts(place)) {
    expect(text).toContain(`${place.url}/v1/datasets/${place.dataset}/uploads`)
    expect(text).toContain(name === 'powershell' ? '$env:SLUICE_TOKEN' : '$SLUICE_TOKEN')
    // On the command line every process of the machine could read it.
    expect(text).not.toMatch(/--header "?Authorization/)
    expect(text).toContain(name === 'powershell' ? "--cacert 'it''s ca.pem'" : "--cacert 'it")
  }
})

test('without an authority of its own nothing is said of one', () => {
  for (const { text } of ciScripts({ url: place.url, dataset: place.dataset })) expect(text).not.toContain('cacert')
  expect(curlLine({ url: place.url, dataset: place.dataset })).not.toContain('cacert')
  expect(uploadLine({ url: place.url, dataset: place.dataset })).toBe(
    `sluice upload 'results/**/*.xml' --dataset ${place.dataset} --token-env SLUICE_TOKEN --at ${place.url}`,
  )
})

test('what is YAML parses as YAML, with the shell’s lines whole in it', () => {
  const [github] = parse(textOf('github'))
  const [azure] = parse(textOf('azure'))
  const gitlab = parse(textOf('gitlab'))
  expect(github).toMatchObject({ if: 'always()', shell: 'bash', env: { SLUICE_TOKEN: `\${{ secrets.SLUICE_TOKEN }}` } })
  expect(azure).toMatchObject({ condition: 'always()', env: { SLUICE_TOKEN: '$(SLUICE_TOKEN)' } })
  for (const script of [github.run, azure.bash, gitlab.test.after_script[0]]) {
    expect(script).toStartWith('set -eu\n')
    expect(script).toEndWith('done\n')
  }
  // Groovy reads one of two backslashes.
  expect(textOf('jenkins')).toContain("tr -d ' \\\\n'")
})
