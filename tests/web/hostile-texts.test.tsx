import { expect, test } from 'bun:test'
import { LiveBoards } from '../../src/web/live-boards.ts'
import { DeploymentView, renderPage } from '../../src/web/mod.ts'
import { STEERING } from '../support/steering.ts'
import { componentView, deploymentProps } from '../support/web/deployment.ts'

const HOSTILE = Object.values(STEERING).join('x')

test('a page shows what hides or turns a name, a path or a reason around, instead of doing it', async () => {
  const components = [componentView(HOSTILE, [], HOSTILE, { reason: { code: 'sink.refused', item: HOSTILE } })]
  const systems = [{ name: HOSTILE, place: HOSTILE }]
  const props = deploymentProps({ systems, components, reasons: [{ code: 'x.y', item: HOSTILE }] })
  const html = await renderPage(<DeploymentView {...props} />)
  expect(html).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  for (const shown of ['\\u{202e}', '\\u{200b}', '\\u{1b}', '\\u{9b}', '\\u{2028}']) expect(html).toContain(shown)
})

test('a live stream sends regions with such texts made visible as well', async () => {
  const clock = { monotonic: () => 0 }
  const { now } = new LiveBoards(clock).look(undefined, () => ({ name: <b>{'gpj.\u202eexe'}</b> }), 1)
  expect(await now()).toEqual({ name: '<b>gpj.\\u{202e}exe</b>' })
})
