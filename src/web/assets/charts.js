/** Draws the charts of a page from their tables. One range of time for all: what is zoomed in one is zoomed in each. */

const HEIGHT = 190
/** Room for the names beside the ends of their lines: what the longest takes, up to this share of the chart, between two gaps. */
const LABELS_SHARE = 0.3
const LABEL_GAP = 8
const COLOURS = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5']
const LABEL_LINE = 15

const charts = []
let zoomed

for (const figure of document.querySelectorAll('[data-chart]')) charts.push(chartOf(figure))
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => charts.forEach(redraw))
document.querySelector('[data-zoom-out]')?.addEventListener('click', () => zoom(undefined))

function chartOf(figure) {
  const chart = { figure, unit: figure.dataset.chart, plot: undefined }
  redraw(chart)
  const image = figure.querySelector('[data-png]')
  image.hidden = false
  image.addEventListener('click', () => save(chart))
  const region = figure.querySelector('[data-region]')
  // A live page changes the table; many changes of one moment are one drawing.
  let due = false
  new MutationObserver(() => {
    if (due) return
    due = true
    requestAnimationFrame(() => {
      due = false
      update(chart)
    })
  }).observe(region, { subtree: true, childList: true, characterData: true, attributes: true })
  new ResizeObserver(() => chart.plot?.setSize({ width: widthOf(chart), height: HEIGHT })).observe(
    figure.querySelector('.plot'),
  )
  return chart
}

/** The figures of a chart's table: times in seconds, then a row of values for each series. */
function read({ figure }) {
  const table = figure.querySelector('table')
  const [from, step] = [Number(table.dataset.from) / 1_000, Number(table.dataset.step) / 1_000]
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent)
  const rows = [...table.tBodies[0].rows]
  const values = names.map((_, i) => rows.map((row) => numberOf(row.cells[i + 1]?.textContent ?? '–')))
  return { names, columns: [rows.map((_, i) => from + i * step), ...values] }
}

function numberOf(text) {
  return text === '–' ? null : Number(text.replaceAll(',', ''))
}

function redraw(chart) {
  const { names, columns } = read(chart)
  chart.names = names
  chart.plot?.destroy()
  chart.plot = new uPlot(optionsOf(chart), columns, chart.figure.querySelector('.plot'))
  if (zoomed) chart.plot.setScale('x', zoomed)
}

function update(chart) {
  const { names, columns } = read(chart)
  if (names.join('\n') !== chart.names.join('\n')) return redraw(chart)
  chart.plot.setData(columns, zoomed === undefined)
  if (zoomed) chart.plot.setScale('x', zoomed)
}

function optionsOf(chart) {
  const style = getComputedStyle(document.documentElement)
  const colour = (name) => style.getPropertyValue(name).trim()
  const font = `12px ${style.getPropertyValue('--font')}`
  const axis = { stroke: colour('--muted'), font, ticks: { show: false }, grid: { stroke: colour('--line'), width: 1 } }
  return {
    width: widthOf(chart),
    height: HEIGHT,
    padding: [10, labelsWidth(chart, font) + 14, 0, 0],
    legend: { show: false },
    cursor: { y: false, sync: { key: 'page' }, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
    scales: { x: { time: true }, y: { range: (_plot, low, high) => [Math.min(0, low ?? 0), top(high)] } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'UTC'),
    axes: [
      { ...axis, grid: { show: false }, space: 64, gap: 9, size: 32, values: times },
      { ...axis, size: 66, space: 34, values: (_plot, marks) => marks.map((value) => figureOf(value, chart.unit)) },
    ],
    series: [{}, ...chart.names.map((label, i) => seriesOf(label, colour(COLOURS[i])))],
    hooks: {
      draw: [(plot) => label(plot, chart, { font, colour })],
      setCursor: [(plot) => readOut(plot, chart)],
      setSelect: [(plot) => select(plot)],
    },
  }
}

/** Hours and minutes, seconds where marks are closer than a minute, days where they are whole days apart. */
function times(_plot, marks) {
  const step = marks.length > 1 ? marks[1] - marks[0] : 60
  const [from, to] = step >= 86_400 ? [5, 10] : step < 60 ? [11, 19] : [11, 16]
  return marks.map((seconds) => new Date(seconds * 1_000).toISOString().slice(from, to))
}

function seriesOf(label, stroke) {
  return { label, stroke, width: 1.8, spanGaps: false, points: { size: 4 } }
}

/** A little above the highest value, so that a line does not run along the edge. */
function top(high) {
  return high === null || high === undefined || high <= 0 ? 1 : high * 1.08
}

function select(plot) {
  const { left, width } = plot.select
  if (width < 4) return
  zoom({ min: plot.posToVal(left, 'x'), max: plot.posToVal(left + width, 'x') })
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
}

function zoom(range) {
  zoomed = range
  document.querySelector('[data-zoom-out]').hidden = range === undefined
  for (const { plot } of charts) {
    const times = plot.data[0]
    plot.setScale('x', range ?? { min: times[0], max: times.at(-1) })
  }
}

/** The drawing as an image, on the ground that it stands on, under its title. */
function save({ figure, plot }) {
  const { canvas } = plot.ctx
  const style = getComputedStyle(document.documentElement)
  const title = figure.querySelector('figcaption b').textContent
  const head = 32 * devicePixelRatio
  const image = document.createElement('canvas')
  image.width = canvas.width
  image.height = canvas.height + head
  const ctx = image.getContext('2d')
  ctx.fillStyle = style.getPropertyValue('--surface')
  ctx.fillRect(0, 0, image.width, image.height)
  ctx.fillStyle = style.getPropertyValue('--text')
  ctx.font = `600 ${14 * devicePixelRatio}px ${style.getPropertyValue('--font')}`
  ctx.fillText(title, 12 * devicePixelRatio, 22 * devicePixelRatio)
  ctx.drawImage(canvas, 0, head)
  image.toBlob((png) => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(png)
    link.download = `${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.png`
    link.click()
    URL.revokeObjectURL(link.href)
  }, 'image/png')
}

/** Each series' name at the end of its line, pushed apart where lines end together. */
function label(plot, chart, { font, colour }) {
  const { names } = chart
  if (names.length < 2) return
  const { ctx, bbox } = plot
  const scale = devicePixelRatio
  const room = labelsWidth(chart, font) - LABEL_GAP
  const ends = names.map((name, i) => ({ name, i, y: plot.valToPos(lastOf(plot, i + 1) ?? 0, 'y', true) }))
  ends.sort((a, b) => a.y - b.y)
  const lowest = bbox.top + bbox.height
  let floor = bbox.top
  for (const end of ends) {
    end.y = Math.max(floor, end.y)
    floor = end.y + LABEL_LINE * scale
  }
  let ceiling = lowest
  for (const end of ends.toReversed()) {
    end.y = Math.min(ceiling, end.y)
    ceiling = end.y - LABEL_LINE * scale
  }
  ctx.save()
  ctx.font = font.replace('12px', `600 ${12 * scale}px`)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  for (const { name, i, y } of ends) {
    ctx.fillStyle = colour(COLOURS[i])
    ctx.fillText(shortened(ctx, name, room * scale + 1), bbox.left + bbox.width + LABEL_GAP * scale, y)
  }
  ctx.restore()
}

/** 0 where one line needs no name. */
function labelsWidth({ names, figure }, font) {
  if (names.length < 2) return 0
  const ctx = document.createElement('canvas').getContext('2d')
  ctx.font = `600 ${font}`
  const longest = Math.max(...names.map((name) => ctx.measureText(name).width))
  return Math.ceil(Math.min(longest, LABELS_SHARE * widthOf({ figure }))) + LABEL_GAP
}

function shortened(ctx, text, width) {
  if (ctx.measureText(text).width <= width) return text
  let end = text.length
  while (end > 1 && ctx.measureText(`${text.slice(0, end)}…`).width > width) end--
  return `${text.slice(0, end)}…`
}

/** The last value in sight. */
function lastOf(plot, series) {
  const values = plot.data[series]
  for (let i = plot.series[0].idxs?.[1] ?? values.length - 1; i >= 0; i--) if (values[i] !== null) return values[i]
  return undefined
}

/** Under the pointer, or else the newest: the time, and each value with its unit. */
function readOut(plot, { figure, names, unit }) {
  const at = plot.cursor.idx
  const out = figure.querySelector('.readout')
  if (at === null || at === undefined) {
    out.textContent = ''
    return
  }
  const time = new Date(plot.data[0][at] * 1_000).toISOString().slice(11, 19)
  const parts = names.map((name, i) => {
    const value = plot.data[i + 1][at]
    return `${names.length > 1 ? `${name} ` : ''}${value === null ? '–' : figureOf(value, unit)}`
  })
  const { zone = 'UTC' } = figure.querySelector('table').dataset
  out.textContent = `${time} ${zone} · ${parts.join(' · ')}`
}

function widthOf({ figure }) {
  return figure.querySelector('.plot').clientWidth
}

function figureOf(value, unit) {
  if (unit === 'percent') return `${trimmed(value)} %`
  if (unit === 'ms') return value >= 1_000 ? `${trimmed(value / 1_000)} s` : `${trimmed(value)} ms`
  const bytes = unit === 'bytes' || unit === 'byterate'
  const each = unit === 'rate' || unit === 'byterate' ? '/s' : ''
  const units = bytes ? ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] : ['', 'k', 'M', 'G', 'T']
  let i = 0
  let rest = value
  for (; Math.abs(rest) >= 1_000 && i < units.length - 1; i++) rest /= 1_000
  const name = bytes && each ? `${units[i]}${each}` : `${units[i]} ${each}`
  return `${trimmed(rest)} ${name.trim()}`.trim()
}

function trimmed(value) {
  return String(Number(value.toPrecision(3)))
}
