import { expect, test } from 'bun:test'
import { NetworkPage, type NetworkProps } from '../../../src/runtime/views/network.tsx'
import { renderPage } from '../../../src/web/mod.ts'

const shown = (ports: NetworkProps['ports']) =>
  renderPage(
    <NetworkPage lists={{ management: [], bridges: [] }} ports={ports} you="10.0.0.7" mayChange nowMs={1_000} />,
  )

test('the page names the ports that are open and no others, the ingest port among them', async () => {
  const page = await shown({ management: 9_443, bridges: 9_444, ingest: 9_445 })
  for (const title of [
    'Management Interface, port 9443',
    'Secure Bridges, port 9444',
    'Uploads from outside, port 9445',
  ])
    expect(page).toContain(title)
  expect(page).not.toMatch(/\b(8752|32100)\b/)
})

test('an ingest port that is off is said to be so, with what opens it', async () => {
  const page = await shown({ management: 9_443, bridges: 9_444 })
  expect(page).toContain('Uploads from outside: off')
  expect(page).toContain('--ingest-port')
})
