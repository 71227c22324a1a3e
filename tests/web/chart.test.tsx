import { describe, expect, test } from 'bun:test'
import { CHART_SERIES_MAX, CHART_VALUES_MAX } from '../../src/web/chart.tsx'
import { type ChartFigures, Charts, chartRegions, type View } from '../../src/web/mod.ts'

async function text(view: View): Promise<string> {
  return String(await view)
}

function chart(values: (number | undefined)[], more: Partial<ChartFigures> = {}): ChartFigures {
  const plain = {
    id: 'rate',
    title: 'Records',
    unit: 'rate',
    stepMs: 30_000,
    series: [{ name: 'out', values }],
  } as const
  return { ...plain, fromMs: Date.UTC(2026, 10, 24, 8), ...more }
}

const RANGES = [
  { word: '1h', label: '1 hour' },
  { word: '6h', label: '6 hours' },
]

describe('Charts', () => {
  test('have all their figures in a table, which says when it begins and how far its rows are apart', async () => {
    const html = await text(
      <Charts path="/x" range="1h" ranges={RANGES} charts={[chart([820, undefined, 12_345.5])]} />,
    )
    expect(html).toContain(`data-from="${Date.UTC(2026, 10, 24, 8)}" data-step="30000"`)
    expect(html).toContain('<th scope="row">08:00:30</th><td>–</td>')
    expect(html).toContain('<td title="12.3 k /s">12345.50</td>')
  })

  test('offer every range as a link, with the one in force marked', async () => {
    const html = await text(<Charts path="/x" range="6h" ranges={RANGES} charts={[chart([1])]} />)
    expect(html).toContain('<a href="/x?range=6h" aria-current="true">')
    expect(html).toContain('<a href="/x?range=1h">')
  })

  test('send the same tables by a live stream', async () => {
    const charts = [chart([1, 2, 3])]
    const html = await text(<Charts path="/x" range="1h" ranges={RANGES} charts={charts} />)
    for (const [id, view] of Object.entries(chartRegions(charts))) {
      expect(html).toContain(`id="${id}"`)
      expect(html).toContain(String(await view))
    }
  })

  test('cut what is longer than a chart, and refuse more series than can be told apart', async () => {
    const values = Array.from({ length: CHART_VALUES_MAX + 1 }, (_, i) => i)
    const html = await text(<Charts path="/x" range="1h" ranges={RANGES} charts={[chart(values)]} />)
    expect(html.match(/<th scope="row">/g)).toHaveLength(CHART_VALUES_MAX)
    const series = Array.from({ length: CHART_SERIES_MAX + 1 }, (_, i) => ({ name: `s${i}`, values: [1] }))
    const many = async () => text(<Charts path="/x" range="1h" ranges={RANGES} charts={[chart([], { series })]} />)
    expect(many()).rejects.toMatchObject({ code: 'internal.unreachable' })
  })
})
